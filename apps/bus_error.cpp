#include "bus_error.h"

#include <atomic>
#include <csignal>
#include <string_view>

#include <termios.h>
#include <unistd.h>

#include "base/mapped_file.h"
#include "exit_code.h"

namespace focusllm::cli {
namespace {

struct sigaction before;
std::atomic<bool> told{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// All of what follows is async-signal-safe.

void write_error(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void end_with(const char* path) {
  while (told.exchange(true)) ::pause();  // several threads read the file
  termios terminal;
  if (::tcgetattr(STDERR_FILENO, &terminal) == 0) write_error("\n");  // behind progress, or half an answer
  write_error("focusllm: error: ");
  write_error(path);
  write_error(
      ": cannot be read any more: it became shorter while it was in use, or its disk failed; put the file "
      "back "
      "as it was and start again\n");
  ::_exit(kFailed);
}

void on_bus_error(int signal, siginfo_t* info, void*) {
  const bool of_memory = info->si_code > 0;  // else another process sent it
  const char* path = of_memory ? mapped_file_at(info->si_addr) : nullptr;
  if (path != nullptr) end_with(path);
  ::sigaction(signal, &before, nullptr);
  if (!of_memory) ::raise(signal);
}  // memory is read again, and the signal comes again

}  // namespace

void install_bus_error_handler() {
  struct sigaction action = {};
  action.sa_sigaction = on_bus_error;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, &before);
}

}  // namespace focusllm::cli

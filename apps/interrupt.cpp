#include "interrupt.h"

#include <atomic>
#include <csignal>
#include <thread>

#include <unistd.h>

#include "bus_error.h"
#include "focusllm/session.h"

namespace focusllm::cli {
namespace {

constexpr int kInterrupted = 130;

std::atomic<const InterruptScope::Target*> current{nullptr};
std::atomic<int> signals{0};
/// Handlers that run now, on any thread: a scope waits for them before its object may go.
std::atomic<int> handlers{0};
static_assert(std::atomic<const InterruptScope::Target*>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free);

void on_signal(int) {
  handlers.fetch_add(1);
  const InterruptScope::Target* target = current.load();
  if (target == nullptr || signals.fetch_add(1) > 0) ::_exit(kInterrupted);
  target->cancel(target->object);
  handlers.fetch_sub(1);
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: a read that waits for the user has to return
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  install(SIGINT, on_signal);
  install(SIGTERM, on_signal);
  install(SIGPIPE, SIG_IGN);
  install(SIGXFSZ, SIG_IGN);
  install_bus_error_handler();
}

InterruptScope::InterruptScope(Target target) : target_(target) {
  signals.store(0);
  outer_ = current.exchange(&target_);
}

InterruptScope::InterruptScope(Session& session)
    : InterruptScope(Target{[](void* object) { static_cast<Session*>(object)->cancel(); }, &session}) {}

InterruptScope::InterruptScope(CancelToken& token)
    : InterruptScope(Target{[](void* object) { static_cast<CancelToken*>(object)->cancel(); }, &token}) {}

InterruptScope::~InterruptScope() {
  current.store(outer_);
  while (handlers.load() > 0) std::this_thread::yield();
}

}  // namespace focusllm::cli

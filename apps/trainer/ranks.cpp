#include "trainer/ranks.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "focusllm/cancel.h"
#include "interrupt.h"
#include "terminal.h"
#include "train/group.h"

namespace focusllm::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLook = std::chrono::milliseconds(50);
/// What ranks are given to end after one has failed: they may be waiting for it.
constexpr auto kGrace = std::chrono::seconds(2);
constexpr int kStopped = 130;

struct Rank {
  pid_t pid = -1;
  bool running = false;
  int code = 0;
};

std::vector<std::string> environment_of(int rank, int ranks, unsigned port) {
  return {"RANK=" + std::to_string(rank),
          "LOCAL_RANK=" + std::to_string(rank),
          "WORLD_SIZE=" + std::to_string(ranks),
          "LOCAL_WORLD_SIZE=" + std::to_string(ranks),
          "MASTER_ADDR=127.0.0.1",
          "MASTER_PORT=" + std::to_string(port)};
}

/// In the child: nothing of the parent's signals but what it passes on, and no life without it.
[[noreturn]] void become_rank(std::vector<std::string> arguments, std::vector<std::string> environment,
                              pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  for (auto& variable : environment) ::putenv(variable.data());
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  err_line(fmt::format("error: cannot start a rank: {}", std::strerror(errno)));
  ::_exit(1);
}

int code_of(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

std::string ending(int code) {
  if (code > 128 && code != kStopped) return fmt::format("was killed by signal {}", code - 128);
  return fmt::format("ended with exit code {}", code);
}

class Ranks {
 public:
  Ranks(int count, const std::vector<std::string>& arguments) : ranks_(static_cast<std::size_t>(count)) {
    const unsigned port = train::free_port();
    const pid_t parent = ::getpid();
    for (int i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) become_rank(arguments, environment_of(i, count, port), parent);
      if (pid < 0) {
        send(SIGKILL);
        fail("cannot start rank {} of {}: {}", i, count, std::strerror(errno));
      }
      ranks_[static_cast<std::size_t>(i)] = {pid, true, 0};
    }
  }

  int wait() {
    const InterruptScope interrupt(stop_);
    while (any_running()) {
      std::this_thread::sleep_for(kLook);
      pass_on_stop();
      collect();
    }
    if (failed_ >= 0)
      return ranks_[static_cast<std::size_t>(failed_)].code > 128
                 ? 1
                 : ranks_[static_cast<std::size_t>(failed_)].code;
    const bool stopped =
        std::any_of(ranks_.begin(), ranks_.end(), [](const Rank& r) { return r.code == kStopped; });
    return stopped ? kStopped : 0;
  }

 private:
  bool any_running() const {
    return std::any_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.running; });
  }

  void send(int signal) const {
    for (const Rank& rank : ranks_)
      if (rank.running) ::kill(rank.pid, signal);
  }

  void pass_on_stop() {
    if (!stop_.cancelled() || passed_on_) return;
    passed_on_ = true;
    send(SIGINT);
  }

  void collect() {
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
      Rank& rank = ranks_[i];
      int status = 0;
      if (!rank.running || ::waitpid(rank.pid, &status, WNOHANG) != rank.pid) continue;
      rank.running = false;
      rank.code = code_of(status);
      const bool good = rank.code == 0 || (rank.code == kStopped && passed_on_);
      if (!good && failed_ < 0) fail_with(static_cast<int>(i));
    }
    if (failed_ >= 0 && Clock::now() > deadline_) send(SIGKILL);
  }

  void fail_with(int rank) {
    failed_ = rank;
    deadline_ = Clock::now() + kGrace;
    const std::string how = ending(ranks_[static_cast<std::size_t>(rank)].code);
    if (any_running())
      err_line(fmt::format("error: rank {} of {} {}; the others are ended", rank, ranks_.size(), how));
    send(SIGTERM);
  }

  std::vector<Rank> ranks_;
  CancelToken stop_;
  bool passed_on_ = false;
  int failed_ = -1;
  Clock::time_point deadline_;
};

int number_in(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  int value = otherwise;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

}  // namespace

int run_ranks(int ranks, const std::vector<std::string>& arguments) {
  return Ranks(ranks, arguments).wait();
}

std::string rank_prefix() {
  const int rank = number_in("RANK", 0), size = number_in("WORLD_SIZE", 1);
  return size > 1 && rank > 0 ? fmt::format("rank {} of {}: ", rank, size) : "";
}

int local_rank() {
  return std::max(number_in("LOCAL_RANK", 0), 0);
}

int ranks_here() {
  return std::max(number_in("LOCAL_WORLD_SIZE", 1), 1);
}

}  // namespace focusllm::cli

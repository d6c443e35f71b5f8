#pragma once

#include "focusllm/cancel.h"

namespace focusllm {
class Session;
}

namespace focusllm::cli {

/// Installs the handlers of SIGINT, SIGTERM and SIGBUS (bus_error.h) and ignores SIGPIPE and SIGXFSZ (a write
/// then says EPIPE or EFBIG). Until an InterruptScope stands, a signal ends the program at once with 130:
/// there is nothing to put in order.
void install_signal_handlers();

/// While it stands, the first signal cancels the given work, and a second one ends the program at once.
/// Scopes may be nested; the innermost counts. The object must outlive the scope.
class InterruptScope {
 public:
  explicit InterruptScope(Session& session);
  explicit InterruptScope(CancelToken& token);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  struct Target {
    void (*cancel)(void*) = nullptr;
    void* object = nullptr;
  };

 private:
  explicit InterruptScope(Target target);
  Target target_;
  const Target* outer_;
};

}  // namespace focusllm::cli

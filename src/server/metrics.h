#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace focusllm::server {

/// What the server counts, for Prometheus. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void request(std::string_view path, int status, double seconds);
  void unknown_field(std::string_view path);
  void client_left();
  void prompt(std::int64_t tokens, std::int64_t cached, double seconds, double first_token_seconds);
  void answer(std::int64_t tokens, double seconds);
  /// What is the case now.
  struct Now {
    double running = 0, waiting = 0, connections = 0;
    double kept_sessions = 0, kept_bytes = 0;
  };
  void now(const Now& now);
  /// Prometheus' text format.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace focusllm::server

#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <httplib.h>

#include "server/connection.h"
#include "server/limits.h"

namespace focusllm::server {

/// cpp-httplib's server over connections of our own: a thread for each, of which there are no more than the
/// limits say; who comes beyond is told so (503).
class HttpServer final : public httplib::Server {
 public:
  explicit HttpServer(const Limits& limits);
  ~HttpServer() override;

  /// Binds; gives the port, one that is free for 0. Throws Error where it is taken or the host is unknown.
  int bind(const std::string& host, int port);
  /// Accepts clients, in a thread of its own, until end().
  void start();
  /// Accepts no more; requests that run go on, connections without one are closed.
  void end();
  /// Until no connection is open; false when `most` has passed before.
  bool wait(std::chrono::milliseconds most);
  int connections() const;

 private:
  class Threads;
  bool process_and_close_socket(socket_t socket) override;
  void serve(Connection& connection);
  void listen_on();

  const Limits limits_;
  std::string host_;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Connection*> open_;
  int threads_ = 0;
  std::thread listener_;
};

}  // namespace focusllm::server

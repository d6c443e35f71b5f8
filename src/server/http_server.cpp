#include "server/http_server.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <sys/socket.h>

#include "base/error.h"
#include "server/api_error.h"

namespace focusllm::server {
namespace {

constexpr std::size_t kRequests = 10000;  // of a connection
constexpr int kBacklog = 512;             // connections that wait to be accepted; the library's own is 5
thread_local bool refusing = false;

std::string too_many() {
  const ApiError error = overloaded("too many connections are open");
  const std::string body = dump(error.json());
  return fmt::format(
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      error.retry_after, body.size(), body);
}

/// Threads that begin meanwhile leave signals to others: an interrupted accept() would end the listening.
class WithoutSignals {
 public:
  WithoutSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;
  ~WithoutSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

void share_no_port(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

/// A thread for each connection.
class HttpServer::Threads final : public httplib::TaskQueue {
 public:
  explicit Threads(HttpServer& server) : server_(server) {}
  void enqueue(std::function<void()> serve) override {
    if (!begin()) return refuse(serve);
    try {
      std::thread([this, serve] { run(serve); }).detach();
    } catch (const std::system_error&) {
      end();
      refuse(serve);
    }
  }
  void shutdown() override { server_.wait(std::chrono::hours(24)); }

 private:
  bool begin() {
    const std::lock_guard lock(server_.mutex_);
    if (server_.threads_ >= server_.limits_.connections) return false;
    ++server_.threads_;
    return true;
  }
  void run(const std::function<void()>& serve) {
    serve();
    end();
  }
  void end() {
    const std::lock_guard lock(server_.mutex_);
    --server_.threads_;
    server_.changed_.notify_all();
  }
  static void refuse(const std::function<void()>& serve) {
    refusing = true;
    serve();
    refusing = false;
  }

  HttpServer& server_;
};

HttpServer::HttpServer(const Limits& limits) : limits_(limits) {
  new_task_queue = [this] { return new Threads(*this); };
  set_payload_max_length(limits.body_bytes);
  set_tcp_nodelay(true);
  set_socket_options(share_no_port);
  set_keep_alive_timeout(limits.idle_time.count());
  set_keep_alive_max_count(kRequests);
}

HttpServer::~HttpServer() {
  end();
  if (listener_.joinable()) listener_.join();
}

int HttpServer::bind(const std::string& host, int port) {
  host_ = host;
  errno = 0;
  if (port == 0) {
    port_ = bind_to_any_port(host);
  } else {
    port_ = bind_to_port(host, port) ? port : -1;
  }
  if (port_ <= 0) {
    const int reason = errno;
    fail("cannot listen on {} port {}: {}", host, port,
         reason == EADDRINUSE ? "another program does: choose another `port`"
         : reason != 0        ? std::strerror(reason)
                              : "is the `host` an address of this machine?");
  }
  return port_;
}

void HttpServer::start() {
  const WithoutSignals blocked;
  listener_ = std::thread([this] { listen_on(); });
  while (!is_running())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // else end() has no effect
}

/// Where accepting fails for good (no more files in the whole system, say), it is tried again a little later.
void HttpServer::listen_on() {
  for (;;) {
    ::listen(svr_sock_, kBacklog);
    listen_after_bind();
    while (!ending_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      if (bind_to_port(host_, port_)) break;
    }
    if (ending_) return;
  }
}

void HttpServer::end() {
  if (ending_.exchange(true)) return;
  stop();
  const std::lock_guard lock(mutex_);
  for (Connection* connection : open_) connection->close_when_idle();
}

bool HttpServer::wait(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [&] { return threads_ == 0; });
}

int HttpServer::connections() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  Connection connection(socket, limits_);
  if (refusing) {
    const std::string answer = too_many();
    connection.write(answer.data(), answer.size());
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    open_.insert(&connection);
  }
  if (!ending_) serve(connection);
  const std::lock_guard lock(mutex_);
  open_.erase(&connection);
  return true;
}

void HttpServer::serve(Connection& connection) {
  for (std::size_t i = 0; i < kRequests && connection.wait_for_request(); ++i) {
    bool ends = false;
    const bool good = process_request(connection, connection.closing(), ends, [&](httplib::Request& request) {
      request.ranges.clear();  // answers are given whole
      connection.end_header();
    });
    if (!good || ends || connection.closing()) return;
  }
}

}  // namespace focusllm::server

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>

#include <httplib.h>

#include "server/limits.h"

namespace focusllm::server {

/// A client's socket as cpp-httplib reads and writes it, with what that does not have: one time limit for all
/// of a header and all of a body, however slowly they come, and limits of their sizes. For the connection's
/// thread, but for what says so.
class Connection final : public httplib::Stream {
 public:
  /// Takes the socket.
  Connection(socket_t socket, const Limits& limits);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;
  /// That this thread serves; null in other threads.
  static Connection* current();

  /// Waits for the first byte of the next request; false where none came.
  bool wait_for_request();
  /// The header is there: what comes now is the body.
  void end_header();
  /// From any thread: a connection that waits for a request ends; one that has a request goes on.
  void close_when_idle();
  /// No request follows this one: what is left of it may be unread.
  void close_after() { unread_ = closing_ = true; }
  bool closing() const { return closing_; }
  /// When the request's first byte came.
  std::chrono::steady_clock::time_point started() const { return started_; }

  /// Why reading failed.
  bool timed_out() const { return timed_out_; }
  bool too_large() const { return too_large_; }

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Part { none, header, body };
  bool wait(short events, Clock::time_point until) const;
  ssize_t receive(char* to, size_t size);
  void drain();

  const socket_t socket_;
  const Limits& limits_;
  Part part_ = Part::none;
  Clock::time_point until_;  ///< when this part of the request has to be there
  std::size_t left_ = 0;     ///< bytes that it may still have
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0, end_ = 0;  ///< of what was received and not read
  Clock::time_point started_;
  bool timed_out_ = false, too_large_ = false, unread_ = false;
  std::atomic<bool> closing_{false}, idle_{true};
};

}  // namespace focusllm::server

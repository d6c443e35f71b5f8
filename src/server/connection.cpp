#include "server/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace focusllm::server {
namespace {

constexpr std::chrono::seconds kDrainTime{1};

thread_local Connection* the_current = nullptr;

void address(const sockaddr_storage& from, std::string& ip, int& port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(from);
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    port = ntohs(six.sin6_port);
  } else if (from.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(from);
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    port = ntohs(four.sin_port);
  }
  ip = text.data();
}

}  // namespace

Connection::Connection(socket_t socket, const Limits& limits) : socket_(socket), limits_(limits) {
  the_current = this;
}

/// Takes what the client still sends, for a while: closed in front of it, a connection takes its answer with
/// it.
void Connection::drain() {
  ::shutdown(socket_, SHUT_WR);
  const auto until = Clock::now() + kDrainTime;
  while (wait(POLLIN, until) && ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT) > 0) {
  }
}

Connection::~Connection() {
  the_current = nullptr;
  if (unread_ || timed_out_ || too_large_) drain();
  ::shutdown(socket_, SHUT_RDWR);
  ::close(socket_);
}

Connection* Connection::current() {
  return the_current;
}

/// Whether something can be done before `until`. Errors and hang-ups are found by doing it.
bool Connection::wait(short events, Clock::time_point until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    pollfd poller{socket_, events, 0};
    const int found = ::poll(&poller, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (found > 0) return true;
    if (found == 0 || errno != EINTR) return false;
  }
}

bool Connection::wait_for_request() {
  idle_ = true;
  part_ = Part::none;
  if (closing_ || (begin_ == end_ && !wait(POLLIN, Clock::now() + limits_.idle_time))) return false;
  idle_ = false;
  if (closing_) return false;
  part_ = Part::header;
  started_ = Clock::now();
  until_ = started_ + limits_.header_time;
  left_ = limits_.header_bytes;
  return true;
}

void Connection::end_header() {
  part_ = Part::body;
  until_ = Clock::now() + limits_.body_time;
  // Chunked bodies have sizes of chunks between them; the body's own limit is the receiver's.
  left_ = 2 * limits_.body_bytes + limits_.header_bytes;
}

void Connection::close_when_idle() {
  closing_ = true;
  if (idle_) ::shutdown(socket_, SHUT_RD);
}

bool Connection::is_readable() const {
  return begin_ < end_ || wait(POLLIN, until_);
}

bool Connection::is_writable() const {
  return wait(POLLOUT, Clock::now() + limits_.write_time);
}

ssize_t Connection::receive(char* to, size_t size) {
  if (!wait(POLLIN, until_)) {
    timed_out_ = true;
    return -1;
  }
  ssize_t count = 0;
  do {
    count = ::recv(socket_, to, size, 0);
  } while (count < 0 && errno == EINTR);
  return count;
}

ssize_t Connection::read(char* to, size_t size) {
  if (left_ == 0) {
    too_large_ = true;
    return -1;
  }
  // A header is read byte by byte: those behind it are received with it.
  if (begin_ == end_ && size < buffer_.size()) {
    const ssize_t count = receive(buffer_.data(), buffer_.size());
    if (count <= 0) return count;
    begin_ = 0;
    end_ = static_cast<std::size_t>(count);
  }
  size = std::min(size, left_);
  if (begin_ == end_) {
    const ssize_t count = receive(to, size);
    if (count > 0) left_ -= static_cast<std::size_t>(count);
    return count;
  }
  size = std::min(size, end_ - begin_);
  std::memcpy(to, buffer_.data() + begin_, size);
  begin_ += size;
  left_ -= size;
  return static_cast<ssize_t>(size);
}

ssize_t Connection::write(const char* from, size_t size) {
  while (is_writable()) {
    const ssize_t count = ::send(socket_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)) return count;
  }
  return -1;
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&from), &size) == 0) address(from, ip, port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&from), &size) == 0) address(from, ip, port);
}

}  // namespace focusllm::server

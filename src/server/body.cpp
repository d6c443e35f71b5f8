#include "server/body.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

#include "server/api_error.h"
#include "server/connection.h"

namespace focusllm::server {
namespace {

constexpr std::size_t kFormParts = 32;

ApiError body_too_large(const Limits& limits) {
  return {413,
          "invalid_request_error",
          fmt::format("the body is larger than {} bytes (`max_body`)", limits.body_bytes),
          {},
          "request_too_large"};
}

/// What the header says about the body's length, before it is read.
void check_length(const httplib::Request& request, const Limits& limits, const char* wanted) {
  const std::string length = request.get_header_value("Content-Length");
  if (length.empty() && request.get_header_value("Transfer-Encoding").empty())
    throw bad_request(fmt::format("the body is empty: it must be {}", wanted));
  std::uint64_t bytes = 0;
  const char* const end = length.data() + length.size();
  const auto [rest, error] = std::from_chars(length.data(), end, bytes);
  if (!length.empty() && (rest != end || error == std::errc::invalid_argument))
    throw bad_request("the header field Content-Length is not a number");
  if (error == std::errc::result_out_of_range || bytes > limits.body_bytes) throw body_too_large(limits);
}

/// `bytes` of a body that have come: whether that is not too much.
class Room {
 public:
  explicit Room(const Limits& limits) : limits_(limits) {}
  bool take(std::size_t bytes) {
    too_large_ = too_large_ || bytes > limits_.body_bytes - taken_;
    if (!too_large_) taken_ += bytes;
    return !too_large_;
  }
  /// What was wrong with the body, if anything. whole: whether it ended as it should.
  void check(bool whole) const {
    const Connection* connection = Connection::current();
    if (too_large_ || (connection != nullptr && connection->too_large())) throw body_too_large(limits_);
    if (connection != nullptr && connection->timed_out())
      throw ApiError(408, "invalid_request_error",
                     fmt::format("the body did not come within {} seconds", limits_.body_time.count()));
    if (!whole) throw bad_request("the body ended early, or has an encoding that is not known");
  }

 private:
  const Limits& limits_;
  std::size_t taken_ = 0;
  bool too_large_ = false;
};

std::string read_body(const httplib::ContentReader& reader, const Limits& limits) {
  std::string body;
  Room room(limits);
  const bool whole = reader([&](const char* data, std::size_t size) {
    const bool fits = room.take(size);
    if (fits) body.append(data, size);
    return fits;
  });
  room.check(whole);
  return body;
}

std::vector<FormPart> read_form(const httplib::ContentReader& reader, const Limits& limits) {
  std::vector<FormPart> parts;
  Room room(limits);
  const auto begin = [&](const httplib::MultipartFormData& part) {
    if (parts.size() == kFormParts || !room.take(part.name.size() + part.filename.size())) return false;
    parts.push_back({part.name, part.filename, {}});
    return true;
  };
  const bool whole = reader(begin, [&](const char* data, std::size_t size) {
    const bool fits = room.take(size);
    if (fits) parts.back().content.append(data, size);
    return fits;
  });
  if (!whole && parts.size() == kFormParts)
    throw bad_request(fmt::format("the form has more than {} parts", kFormParts));
  room.check(whole);
  return parts;
}

template <typename Read>
auto guarded(httplib::Response& response, const Read& read) {
  try {
    auto body = read();
    response.status = -1;  // which a reader that was stopped has set
    return body;
  } catch (const ApiError&) {
    close_after(response);
    throw;
  }
}

}  // namespace

void close_after(httplib::Response& response) {
  response.set_header("Connection", "close");
  if (Connection* connection = Connection::current()) connection->close_after();
}

std::string body_of(const httplib::Request& request, httplib::Response& response,
                    const httplib::ContentReader& reader, const Limits& limits) {
  return guarded(response, [&] {
    if (request.is_multipart_form_data())
      throw ApiError(415, "invalid_request_error", "the body must be JSON");
    check_length(request, limits, "a JSON object");
    return read_body(reader, limits);
  });
}

std::vector<FormPart> form_of(const httplib::Request& request, httplib::Response& response,
                              const httplib::ContentReader& reader, const Limits& limits) {
  return guarded(response, [&] {
    if (!request.is_multipart_form_data())
      throw ApiError(415, "invalid_request_error", "the body must be a form (multipart/form-data)");
    check_length(request, limits, "a form");
    return read_form(reader, limits);
  });
}

}  // namespace focusllm::server

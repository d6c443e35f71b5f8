#include "server/handler.h"

#include <charconv>

#include <fmt/format.h>

#include "server/api_error.h"
#include "server/fields.h"
#include "server/parse_json.h"

namespace focusllm::server {
namespace {

/// What is left of the request stays unread.
void close_after(httplib::Response& response) {
  response.set_header("Connection", "close");
  if (Connection* connection = Connection::current()) connection->close_after();
}

ApiError body_too_large(const Limits& limits) {
  return {413,
          "invalid_request_error",
          fmt::format("the body is larger than {} bytes (`max_body`)", limits.body_bytes),
          {},
          "request_too_large"};
}

/// What the header says about the body, before it is read.
void check_body(const httplib::Request& request, const Limits& limits) {
  if (request.is_multipart_form_data()) throw ApiError(415, "invalid_request_error", "the body must be JSON");
  const std::string length = request.get_header_value("Content-Length");
  if (length.empty() && request.get_header_value("Transfer-Encoding").empty())
    throw bad_request("the body is empty: it must be a JSON object");
  std::uint64_t bytes = 0;
  const char* const end = length.data() + length.size();
  const auto [rest, error] = std::from_chars(length.data(), end, bytes);
  if (!length.empty() && (rest != end || error == std::errc::invalid_argument))
    throw bad_request("the header field Content-Length is not a number");
  if (error == std::errc::result_out_of_range || bytes > limits.body_bytes) throw body_too_large(limits);
}

std::string read_body(const httplib::ContentReader& reader, const Limits& limits) {
  std::string body;
  bool too_large = false;
  const bool whole = reader([&](const char* data, std::size_t size) {
    too_large = body.size() + size > limits.body_bytes;
    if (!too_large) body.append(data, size);
    return !too_large;
  });
  const Connection* connection = Connection::current();
  if (too_large || (connection != nullptr && connection->too_large())) throw body_too_large(limits);
  if (connection != nullptr && connection->timed_out())
    throw ApiError(408, "invalid_request_error",
                   fmt::format("the body did not come within {} seconds", limits.body_time.count()));
  if (!whole) throw bad_request("the body ended early, or has an encoding that is not known");
  return body;
}

std::string body_of(const httplib::Request& request, httplib::Response& response,
                    const httplib::ContentReader& reader, const Limits& limits) {
  try {
    check_body(request, limits);
    std::string body = read_body(reader, limits);
    response.status = -1;  // which a reader that was stopped has set
    return body;
  } catch (const ApiError&) {
    close_after(response);
    throw;
  }
}

/// A request that cpp-httplib answers by itself.
ApiError own_error(const httplib::Request& request, int status) {
  const Connection* connection = Connection::current();
  if (status == 400 && connection != nullptr && connection->timed_out())
    return {408, "invalid_request_error", "the header did not come in time"};
  if (status == 400 && connection != nullptr && connection->too_large())
    return {431, "invalid_request_error", "the header is too large"};
  if (status == 404)
    return {404, "not_found_error", fmt::format("there is no {} {} here", request.method, request.path)};
  return {status, "invalid_request_error", "the request is not valid HTTP, or too large"};
}

void allow_origin(const Access& access, const httplib::Request& request, httplib::Response& response) {
  const auto origin = access.allowed_origin(request);
  if (!origin) return;
  response.set_header("Access-Control-Allow-Origin", *origin);
  response.set_header("Vary", "Origin");
  if (request.method != "OPTIONS") return;
  response.set_header("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
  response.set_header("Access-Control-Allow-Headers",
                      "Authorization, Content-Type, X-Api-Key, Anthropic-Version");
  response.set_header("Access-Control-Max-Age", "600");
}

constexpr const char* kDocumentPath = "/v1/documents/";  // in front of a name

using Handled = httplib::Server::HandlerResponse;

/// Before anything of a body is read.
Handled before_routes(const Site& site, const httplib::Request& request, httplib::Response& response) {
  try {
    allow_origin(site.access, request, response);
    if (request.method == "OPTIONS") {
      response.status = 204;
      return Handled::Handled;
    }
    site.access.check(request);
    const bool reads = request.method == "GET" || request.method == "HEAD" ||
                       (request.method == "DELETE" && request.path.starts_with(kDocumentPath));
    if (!reads && !(request.method == "POST" && site.posts.contains(request.path)))
      throw own_error(request, 404);
    return Handled::Unhandled;
  } catch (const ApiError& error) {
    if (error.status == 401) response.set_header("WWW-Authenticate", "Bearer");
    close_after(response);
    send_error(response, error, request.path);
    return Handled::Handled;
  }
}

/// Requests for paths that are not there make no counters of their own.
std::string counted_path(const Site& site, const httplib::Request& request, int status) {
  if (request.path.starts_with(kDocumentPath)) return kDocumentPath;
  const bool known = site.posts.contains(request.path) || (request.method == "GET" && status < 400);
  return known ? request.path : "other";
}

}  // namespace

void send(httplib::Response& response, const OrderedJson& body) {
  response.set_content(dump(body), "application/json");
}

void send_error(httplib::Response& response, const ApiError& error, const std::string& path) {
  response.status = error.status;
  if (error.retry_after > 0) response.set_header("Retry-After", std::to_string(error.retry_after));
  send(response, path.starts_with("/v1/messages") ? messages_error(error) : error.json());
}

void get(Site& site, const char* path, std::function<OrderedJson()> answer) {
  site.http.Get(path,
                [answer = std::move(answer)](const httplib::Request& request, httplib::Response& response) {
                  try {
                    send(response, answer());
                  } catch (...) {
                    send_error(response, api_error(std::current_exception()), request.path);
                  }
                });
}

void post(Site& site, const char* path, const char* fields_of, Post answer) {
  const Endpoint& fields = endpoint(fields_of);
  site.posts.insert(path);
  site.http.Post(path, [&site, &fields, answer = std::move(answer)](const httplib::Request& request,
                                                                    httplib::Response& response,
                                                                    const httplib::ContentReader& reader) {
    try {
      const Limits& limits = site.core.limits;
      const Json body = parse_body(body_of(request, response, reader, limits), limits);
      check_fields(fields, body, site.core.metrics);
      answer(request, response, Values(body));
    } catch (...) {
      send_error(response, api_error(std::current_exception()), request.path);
    }
  });
}

void add_routes(Site& site) {
  httplib::Server& http = site.http;
  http.set_pre_routing_handler([&site](const httplib::Request& request, httplib::Response& response) {
    return before_routes(site, request, response);
  });
  http.set_error_handler([](const httplib::Request& request, httplib::Response& response) {
    if (response.body.empty()) send_error(response, own_error(request, response.status), request.path);
  });
  http.set_logger([&site](const httplib::Request& request, const httplib::Response& response) {
    const Connection* connection = Connection::current();
    const auto started = connection != nullptr ? connection->started() : std::chrono::steady_clock::now();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    site.core.metrics.request(counted_path(site, request, response.status), response.status, took.count());
  });
  add_document_routes(site);
  add_generation_routes(site);
  add_model_routes(site);
  add_token_routes(site);
}

}  // namespace focusllm::server

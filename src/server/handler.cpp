#include "server/handler.h"

#include <fmt/format.h>

#include "server/api_error.h"
#include "server/body.h"
#include "server/fields.h"
#include "server/parse_json.h"

namespace focusllm::server {
namespace {

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
    const std::string path = path_pattern(request.path);
    const bool known = request.method == "GET" || request.method == "HEAD" ||
                       (request.method == "DELETE" && site.deletes.contains(path)) ||
                       (request.method == "POST" && site.posts.contains(path));
    if (!known) throw own_error(request, 404);
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
  const std::string path = path_pattern(request.path);
  const bool known =
      site.posts.contains(path) || site.deletes.contains(path) || (request.method == "GET" && status < 400);
  return known ? path : "other";
}

}  // namespace

std::string path_pattern(const std::string& path) {
  for (const std::string_view start : {"/v1/documents/", "/v1/files/"}) {
    if (!path.starts_with(start)) continue;
    const std::size_t end = path.find('/', start.size());
    return std::string(start) + "NAME" + (end == std::string::npos ? "" : path.substr(end));
  }
  return path;
}

void send(httplib::Response& response, const OrderedJson& body) {
  response.set_content(dump(body), "application/json");
}

void send_error(httplib::Response& response, const ApiError& error, const std::string& path) {
  response.status = error.status;
  if (error.retry_after > 0) response.set_header("Retry-After", std::to_string(error.retry_after));
  send(response, path.starts_with("/v1/messages") ? messages_error(error) : error.json());
}

void get(Site& site, const char* path, Get answer) {
  site.http.Get(path,
                [answer = std::move(answer)](const httplib::Request& request, httplib::Response& response) {
                  try {
                    answer(request, response);
                  } catch (...) {
                    send_error(response, api_error(std::current_exception()), request.path);
                  }
                });
}

void get(Site& site, const char* path, std::function<OrderedJson()> answer) {
  get(site, path, [answer = std::move(answer)](const httplib::Request&, httplib::Response& response) {
    send(response, answer());
  });
}

void erase(Site& site, const char* path, Erase answer) {
  site.deletes.insert(path_pattern(path));
  site.http.Delete(
      path, [answer = std::move(answer)](const httplib::Request& request, httplib::Response& response) {
        try {
          send(response, answer(request));
        } catch (...) {
          send_error(response, api_error(std::current_exception()), request.path);
        }
      });
}

void post(Site& site, const char* path, const char* fields_of, Post answer) {
  const Endpoint& fields = endpoint(fields_of);
  site.posts.insert(path_pattern(path));
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
  add_content_routes(site);
  add_file_routes(site);
  add_generation_routes(site);
  add_model_routes(site);
  add_survey_routes(site);
  add_token_routes(site);
  if (site.options.page) add_page_routes(site);
}

}  // namespace focusllm::server

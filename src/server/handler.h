#pragma once

#include <functional>
#include <string>

#include "server/routes.h"
#include "server/values.h"

namespace focusllm::server {

/// Answers with JSON.
void send(httplib::Response& response, const OrderedJson& body);
/// Answers with an error in the form of the API that has `path`.
void send_error(httplib::Response& response, const ApiError& error, const std::string& path);

/// GET: `answer` gives the body. What it throws becomes an error.
void get(Site& site, const char* path, std::function<OrderedJson()> answer);
/// POST with an object as body, whose fields are checked by the list of `fields_of` (an endpoint's path).
using Post = std::function<void(const httplib::Request&, httplib::Response&, const Values& body)>;
void post(Site& site, const char* path, const char* fields_of, Post answer);

}  // namespace focusllm::server

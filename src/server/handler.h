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

/// A path with NAME in the place of a document's name or a file's id.
std::string path_pattern(const std::string& path);

// What an answer throws becomes an error. Paths are patterns as cpp-httplib has them.

/// GET: `answer` gives the body.
void get(Site& site, const char* path, std::function<OrderedJson()> answer);
/// GET of what depends on the request.
using Get = std::function<void(const httplib::Request&, httplib::Response&)>;
void get(Site& site, const char* path, Get answer);
/// DELETE: `answer` gives the body.
using Erase = std::function<OrderedJson(const httplib::Request&)>;
void erase(Site& site, const char* path, Erase answer);
/// POST with an object as body, whose fields are checked by the list of `fields_of` (an endpoint's path).
using Post = std::function<void(const httplib::Request&, httplib::Response&, const Values& body)>;
void post(Site& site, const char* path, const char* fields_of, Post answer);

}  // namespace focusllm::server

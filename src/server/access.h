#pragma once

#include <optional>
#include <string>
#include <vector>

#include <httplib.h>

#include "server/api_error.h"

namespace focusllm::server {

/// Whether a host is this machine's own: localhost, 127.x.x.x or ::1.
bool is_loopback(const std::string& host);

/// Who may ask. Thread-safe: const.
class Access {
 public:
  /// keys: one of them must come with each request, if there are any. host: where the server listens.
  /// origins: web pages that may ask ("*": all).
  Access(std::vector<std::string> keys, std::string host, std::vector<std::string> origins)
      : keys_(std::move(keys)), host_(std::move(host)), origins_(std::move(origins)) {}

  /// Throws ApiError for a request without a key (401), or one that a web page sends that may not (403). What
  /// says nothing of anybody's (/health, the page itself) needs none.
  void check(const httplib::Request& request) const;
  /// The origin that is told that it may ask; nothing: none is.
  std::optional<std::string> allowed_origin(const httplib::Request& request) const;
  /// A name for the request's key, the same for the same key; empty where there are none.
  std::string owner(const httplib::Request& request) const;
  /// The same as a beginning of documents' names, which is the same in every process; empty where there is
  /// one key or none.
  std::string own_names(const httplib::Request& request) const;
  /// All such names.
  std::vector<std::string> owners() const;

 private:
  bool knows_host(const httplib::Request& request) const;

  std::vector<std::string> keys_;
  std::string host_;
  std::vector<std::string> origins_;
};

}  // namespace focusllm::server

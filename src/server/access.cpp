#include "server/access.h"

#include <algorithm>
#include <span>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/hash.h"

namespace focusllm::server {
namespace {

constexpr std::string_view kBearer = "Bearer ";

/// As OpenAI's clients send it, or as Anthropic's do.
std::string key_of(const httplib::Request& request) {
  const std::string given = request.get_header_value("Authorization");
  if (given.starts_with(kBearer)) return given.substr(kBearer.size());
  return request.get_header_value("X-Api-Key");
}

/// In a time that says nothing about where they differ.
bool equal(std::string_view key, std::string_view given) {
  std::size_t differs = key.size() ^ given.size();
  for (std::size_t i = 0; i < given.size(); ++i)
    differs |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(key[i % key.size()]);
  return differs == 0;
}

/// "[::1]:8080" and "name:8080" without the port.
std::string host_name(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string owner_name(std::size_t key) {
  return fmt::format("key {}", key);
}

bool is_open(const std::string& path) {
  return path == "/health" || path == "/v1/health" || path == "/" || path.starts_with("/page/");
}

}  // namespace

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (is_address(host) && host.starts_with("127."));
}

/// Without keys, whoever reaches the server may ask; a name that a web page made point here may not.
bool Access::knows_host(const httplib::Request& request) const {
  const std::string name = host_name(request.get_header_value("Host"));
  return name.empty() || name == host_ || name == "localhost" || is_address(name);
}

std::vector<std::string> Access::owners() const {
  std::vector<std::string> owners = {""};
  for (std::size_t i = 0; i < keys_.size(); ++i) owners.push_back(owner_name(i));
  return owners;
}

std::string Access::own_names(const httplib::Request& request) const {
  constexpr std::size_t kLetters = 16;
  if (keys_.size() < 2) return {};
  const std::string key = key_of(request);
  return content_hash(std::as_bytes(std::span(key))).substr(0, kLetters) + '.';
}

std::string Access::owner(const httplib::Request& request) const {
  const std::string given = key_of(request);
  std::string owner;
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (equal(keys_[i], given)) owner = owner_name(i);
  return owner;
}

std::optional<std::string> Access::allowed_origin(const httplib::Request& request) const {
  const std::string origin = request.get_header_value("Origin");
  const auto allows = [&](const std::string& allowed) { return allowed == "*" || allowed == origin; };
  if (origin.empty() || std::ranges::none_of(origins_, allows)) return {};
  return origin;
}

void Access::check(const httplib::Request& request) const {
  const std::string origin = request.get_header_value("Origin");
  const std::string own = "://" + request.get_header_value("Host");
  if (!origin.empty() && !allowed_origin(request) && !origin.ends_with(own))
    throw ApiError(
        403, "permission_error",
        fmt::format("pages of {} may not ask this server (`cors_origins` names those that may)", origin));
  if (keys_.empty() && !knows_host(request))
    throw ApiError(403, "permission_error",
                   "a server without keys answers to its own names alone: see the header field Host");
  if (!keys_.empty() && !is_open(request.path) && owner(request).empty())
    throw ApiError(401, "authentication_error",
                   "a key is needed: send it as \"Authorization: Bearer KEY\" or \"X-Api-Key: KEY\"", {},
                   "invalid_api_key");
}

}  // namespace focusllm::server

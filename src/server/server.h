#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/core.h"

namespace focusllm::server {

struct Options {
  std::string host = "127.0.0.1";
  int port = 8080;                   ///< 0: one that is free
  std::vector<std::string> keys;     ///< one must come with each request; none: only this machine may ask
  std::vector<std::string> origins;  ///< web pages that may ask; "*": all
  bool share_cache = false;          ///< what a request with one key read, requests with others go on from
  bool metrics = true;               ///< GET /metrics
  bool page = true;                  ///< GET /, for people
  std::string model;                 ///< its name for clients; empty: the model's own
  std::string chat_template;         ///< one of ChatTemplate::names(); empty: the file's own
  ContextOptions context;
  std::shared_ptr<Store> store;  ///< of documents; null: there are none
  Defaults defaults;
  std::int64_t kept_bytes = std::int64_t{2} << 30;  ///< of sessions that requests may go on from
  std::chrono::seconds ping{30};  ///< of silence in a stream, after which it is said that the server is there
  Limits limits;
};

/// An HTTP server with OpenAI's and Anthropic's endpoints (docs/server.md). Thread-safe.
class Server {
 public:
  /// Listens. Throws UsageError for a host that is not this machine's own without a key, Error where it
  /// cannot listen. A model without a chat template only continues texts.
  Server(std::shared_ptr<const Engine> engine, Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  int port() const;
  /// Accepts no more requests, and waits for those that run; after `most` they are stopped.
  void stop(std::chrono::milliseconds most);
  /// What requests have in common (tests look at it).
  Core& core();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace focusllm::server

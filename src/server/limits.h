#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace focusllm::server {

/// What a request may ask of the server at most. Beyond it there is an error that says so, never less than
/// was asked for.
struct Limits {
  std::size_t header_bytes = std::size_t{32} << 10;  ///< request line and all header fields
  std::size_t body_bytes = std::size_t{64} << 20;
  std::chrono::seconds header_time{10};  ///< from a request's first byte to its last header field
  std::chrono::seconds body_time{120};
  std::chrono::seconds idle_time{30};   ///< of a connection between two requests
  std::chrono::seconds write_time{30};  ///< that a client takes nothing
  int connections = 256;
  int running = 16;  ///< requests that read or answer at once
  int waiting = 64;  ///< for one of those to end
  int json_depth = 32;
  std::size_t json_values = std::size_t{4} << 20;
  int choices = 8;  ///< answers to a request, all its prompts together
  int stop_words = 16;
  std::size_t stop_bytes = 512;  ///< of each
  int logprobs = 20;             ///< likeliest tokens told for each token
  std::int64_t answer_tokens = std::int64_t{1} << 17;
};

}  // namespace focusllm::server

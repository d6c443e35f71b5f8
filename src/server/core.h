#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "focusllm/session.h"
#include "server/documents.h"
#include "server/files.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/session_pool.h"
#include "server/slots.h"

namespace focusllm::server {

/// What is used where a request does not say.
struct Defaults {
  SamplingOptions sampling;
  bool random_seed = true;  ///< another seed for each request
  /// The longest answer; as many tokens as there is room for in the trained context where that is less.
  std::int64_t answer_tokens = 4096;
};

/// What all requests share. Its parts are thread-safe, or const.
struct Core {
  Core(std::shared_ptr<const Engine> the_engine, std::shared_ptr<const ChatTemplate> the_chat,
       const Limits& the_limits, std::int64_t kept_bytes)
      : engine(std::move(the_engine)),
        chat(std::move(the_chat)),
        limits(the_limits),
        pool(kept_bytes),
        slots(limits.running, limits.waiting) {}

  const std::shared_ptr<const Engine> engine;
  const std::shared_ptr<const ChatTemplate> chat;  ///< null: the model has none, so that there are no chats
  std::string chat_name;                           ///< as Session::Options::chat_template
  const Limits limits;
  /// By owner (Access::owner), where the method's sessions share encoded chunks instead of forks.
  std::map<std::string, std::shared_ptr<memory::SegmentStore>> chunk_stores;
  std::unique_ptr<Documents> documents;  ///< null: none are kept
  std::unique_ptr<Files> files;          ///< null: likewise
  std::string model;                     ///< its name for clients
  ContextOptions context;
  Defaults defaults;
  Metrics metrics;
  SessionPool pool;
  Slots slots;
};

}  // namespace focusllm::server

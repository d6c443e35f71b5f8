#pragma once

#include <filesystem>
#include <memory>

#include "focusllm/session.h"
#include "support/tiny_model.h"

namespace focusllm::test {

/// An engine of a random model with a vocabulary without meaning, whose greedy answers do not end by
/// themselves.
struct TinyEngine {
  /// `options`: all but the threads, and no adapter is looked for.
  explicit TinyEngine(int threads = 0, const TinySizes& sizes = {}, EngineOptions options = {});
  std::shared_ptr<const Engine> engine;
  /// Random ones that may stand in a text.
  std::vector<Token> tokens(std::int64_t count, unsigned seed) const;
};

}  // namespace focusllm::test

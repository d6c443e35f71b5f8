#pragma once

#include <memory>
#include <span>
#include <vector>

#include "context/recall/reader.h"
#include "context/recall/score.h"

namespace focusllm::context {

/// A question on its way through the layers that read a text, behind it. Once its lane has nothing left to
/// do, it scores the text.
class Asking {
 public:
  /// The reader stays as it is until the scores are taken.
  Asking(const Reader& reader, const model::Model& model, std::int64_t distance,
         std::span<const Token> question);
  Context& lane() { return *lane_; }
  BlockScores scores(const Scoring& scoring) const { return block_scores(keys_, queries_, scoring); }

 private:
  const HeadKeys& keys_;
  HeadQueries queries_;
  std::unique_ptr<Reader> lane_;
};

}  // namespace focusllm::context

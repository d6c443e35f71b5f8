#pragma once

#include <optional>
#include <vector>

#include "data/pool.h"
#include "train/sample.h"

namespace focusllm::data {

/// A question in a sample of retrieval.
struct Asked {
  Fact fact;
  std::optional<std::size_t> chunk;  ///< index of the chunk that tells it; none: the text does not
  std::int64_t first_label = 0;      ///< row that predicts the answer's first token
  std::int64_t labels = 0;           ///< the answer's tokens and what ends it
};

/// A sample, and what it was made of.
struct Drawn {
  train::Sample sample;
  Chunks memory;
  std::vector<Asked> asked;
};

/// The text of a local window, and which of its tokens are to be predicted.
struct Rows {
  std::vector<Token> tokens;
  std::vector<char> labelled;  ///< [tokens]

  void add(const std::vector<Token>& more, bool label = false);
  std::int64_t size() const { return static_cast<std::int64_t>(tokens.size()); }
};

/// What a sample is drawn from. The references live as long as the sampler.
struct Draw {
  const ChunkSource& source;
  const std::vector<Chunks>& runs;
  Random& random;

  const SamplerOptions& options() const { return source.options(); }
};

/// `count` chunks (fewer if the pool has fewer): a piece of each of some runs, in the order of the text
/// within a piece, the pieces in any order. Nothing of run `without`.
Chunks draw_memory(const Draw& draw, std::int64_t count, std::int64_t without = -1);

/// The three kinds of samples.
Drawn draw_continuation(const Draw& draw);
Drawn draw_repetition(const Draw& draw);
/// Throws Error if the chunks tell nothing that could be asked for.
Drawn draw_retrieval(const Draw& draw);

/// Candidate positions, the tail, and the local window from its rows; `rows` has a label and at least two
/// tokens.
Drawn finish(const Draw& draw, train::Sample::Kind kind, Chunks memory, const Rows& rows,
             std::vector<Asked> asked = {});

}  // namespace focusllm::data

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/draw.h"

namespace focusllm::data {

/// Training samples. What a step is given follows from the documents, the options, the seed and the step
/// alone: it is the same on every rank, and after a resume, and steps can be asked for in any order. Chunks
/// live on while samples hold them; the same chunk in two steps is the same object. Not thread-safe.
class Sampler {
 public:
  /// `documents` is not empty; options as check() lets them pass. `ids` is the id of the first chunk (see
  /// Pool).
  Sampler(Documents documents, std::shared_ptr<const Tokenizer> tokenizer, const SamplerOptions& options,
          std::uint64_t seed, std::uint64_t ids = 1);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// All samples of a step, of all ranks together; rank r of n takes samples r, r + n, ...
  std::vector<train::Sample> batch(std::int64_t step);
  /// As many of each kind that has a share as there can be in `count` samples, all made of the pool as it is
  /// at step 0.
  std::vector<train::Sample> fixed(std::int64_t count);
  /// One sample of a step, of the kind that it is or of another one.
  Drawn draw(std::int64_t step, std::int64_t index, std::optional<train::Sample::Kind> kind = std::nullopt);

 private:
  Documents documents_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  SamplerOptions options_;
  std::uint64_t seed_;
  ChunkSource source_;
  Pool pool_;
};

}  // namespace focusllm::data

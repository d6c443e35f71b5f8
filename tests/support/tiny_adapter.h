#pragma once

#include "support/tiny_model.h"

namespace focusllm::test {

/// An adapter for a random model, in memory.
struct TinyAdapter {
  static constexpr int kWhole = 0;    ///< whole random matrices
  static constexpr int kCopies = -1;  ///< the model's own matrices
  /// rank: of random low-rank additions, or one of the above.
  TinyAdapter(const TinyModel& base, int rank, unsigned seed);
  std::vector<std::byte> bytes;
  std::shared_ptr<const gguf::File> file;
};

/// The same model with an adapter's weights for candidates.
std::shared_ptr<const model::Model> with_adapter(const TinyModel& base, const TinyAdapter& adapter);

}  // namespace focusllm::test

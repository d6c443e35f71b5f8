#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "context/focus_chunk.h"
#include "context/lockstep.h"
#include "memory/chunk_store.h"

namespace focusllm::context {

/// Encodes chunks of text, several in one pass, each as a text of its own. One that a store knows is taken
/// from there, unless hidden states are wanted.
class ChunkEncoder {
 public:
  /// Called with the final hidden states [rows, width] of the text's tokens from `first` on.
  using Sink = std::function<void(std::int64_t first, std::span<const float> hidden)>;

  ChunkEncoder(Lockstep& lockstep, attention::KvType type, memory::ChunkStore* store,
               const CancelToken& cancel)
      : lockstep_(lockstep), type_(type), store_(store), cancel_(cancel) {}

  /// `text` in chunks of `chunk` tokens, the last one possibly shorter.
  std::vector<std::shared_ptr<const memory::Segment>> encode(std::span<const std::int32_t> text,
                                                             std::int64_t chunk, const Sink& sink);

 private:
  struct Work {
    std::span<const std::int32_t> tokens;
    std::int64_t first;  ///< in the text
    std::shared_ptr<memory::Segment> segment;
    ChunkText sequence;
  };
  std::shared_ptr<const memory::Segment> known(std::span<const std::int32_t> tokens,
                                               std::span<const Work> works, const Sink& sink) const;
  void run(std::span<Work> works, const Sink& sink);
  void run_rows(std::span<Work> works, std::int64_t from, std::int64_t count, const Sink& sink);

  Lockstep& lockstep_;
  attention::KvType type_;
  memory::ChunkStore* store_;
  const CancelToken& cancel_;
};

}  // namespace focusllm::context

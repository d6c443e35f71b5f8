#pragma once

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
  ChunkEncoder(Lockstep& lockstep, attention::KvType type, memory::ChunkStore& store,
               const CancelToken& cancel)
      : lockstep_(lockstep), type_(type), store_(store), cancel_(cancel) {}

  /// `text` in chunks of `chunk` tokens that begin every `stride` tokens; the last one, where the text ends,
  /// is possibly shorter.
  std::vector<std::shared_ptr<const memory::Segment>> encode(std::span<const std::int32_t> text,
                                                             std::int64_t chunk, std::int64_t stride);

 private:
  struct Work {
    std::span<const std::int32_t> tokens;
    std::shared_ptr<memory::Segment> segment;
    ChunkText sequence;
  };
  std::shared_ptr<const memory::Segment> known(std::span<const std::int32_t> tokens,
                                               std::span<const Work> works) const;
  void run(std::span<Work> works);
  void run_rows(std::span<Work> works, std::int64_t from, std::int64_t count);

  Lockstep& lockstep_;
  attention::KvType type_;
  memory::ChunkStore& store_;
  const CancelToken& cancel_;
};

}  // namespace focusllm::context

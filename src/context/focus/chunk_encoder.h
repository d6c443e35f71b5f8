#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "context/context.h"
#include "context/focus/chunk_lanes.h"
#include "memory/segment_store.h"
#include "model/encoder_identity.h"

namespace focusllm::context {

/// Encodes chunks of text, several in one pass, each as a text of its own. One that a store knows is taken
/// from there.
class ChunkEncoder {
 public:
  ChunkEncoder(const model::Model& model, attention::KvType type, memory::SegmentStore& store)
      : spec_(model.spec()),
        isa_(model.isa()),
        identity_(model::encoder_identity(model, type)),
        store_(store) {}

  /// Takes a chunk. Keys and values are in its segment once no work is pending.
  std::shared_ptr<const memory::Segment> take(std::span<const Token> chunk);
  /// Knows a chunk that another one encoded, as long as somebody holds it.
  void learn(const std::shared_ptr<const memory::Segment>& chunk) { store_.insert(chunk); }
  /// Of a chunk that is encoded: its tokens, and keys and values as a piece that is the same in every text.
  static void save(const std::shared_ptr<const memory::Segment>& chunk, memory::Saver& saver);
  /// Takes what save() put: in the place of take().
  std::shared_ptr<const memory::Segment> load(memory::Loader& loader);
  /// Whether it is still to be encoded: what take() found in the store is not.
  bool encodes(const memory::Segment& chunk) const;
  std::int64_t pending_tokens() const;
  /// As Context: the next rows, at most `most_rows`, and what became of them.
  bool plan(model::Pass& pass, std::int64_t most_rows);
  void took(const model::Pass& pass);

 private:
  struct Work {
    Work(const model::Spec& spec, std::shared_ptr<memory::Segment> encoded)
        : segment(std::move(encoded)), lane(spec, *segment) {}
    std::span<const Token> tokens() const { return segment->key()->tokens; }
    bool over() const { return done == segment->capacity(); }
    std::shared_ptr<memory::Segment> segment;
    ChunkText lane;
    std::int64_t done = 0;     ///< tokens
    std::int64_t planned = 0;  ///< of them in the pass at hand
    std::size_t entry = 0;     ///< there
  };
  std::shared_ptr<const memory::Segment> known(const memory::SegmentKey& key) const;

  const model::Spec& spec_;
  Isa isa_;
  memory::EncoderIdentity identity_;
  memory::SegmentStore& store_;
  std::deque<Work> works_;
};

}  // namespace focusllm::context

#pragma once

#include "context/recall/head_keys.h"
#include "context/streaming.h"

namespace focusllm::context {

/// Reads a text through the layers up to the last one that has a chosen head, with first tokens and a sliding
/// window, and keeps the chosen heads' keys of every token. What it leaves behind for a question is a lane
/// that ends there too: its heads' queries, no hidden states.
class Reader final : public Streaming {
 public:
  Reader(const Options& options, std::shared_ptr<const model::Model> model, std::span<const QueryHead> heads,
         attention::KvType keys);

  /// A lane behind what was read: its tokens' queries go to `queries`, which stays until it is done.
  std::unique_ptr<Reader> asking(HeadQueries& queries) const;
  const HeadKeys& keys() const { return keys_; }
  /// What another one read from its token `first` on is found in front of this one's tokens from `place` on.
  void put_before(const Reader& other, std::int64_t first, std::int64_t place) {
    keys_.put_before(other.keys_, first, place);
  }
  std::int64_t memory_bytes() const override { return Streaming::memory_bytes() + keys_.bytes(); }

 private:
  int layers() const override { return layers_read_; }
  bool predicts() const override { return false; }
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override;
  void save_rows(memory::Saver& saver) const override;
  void load_rows(memory::Loader& loader) override;

  int layers_read_;
  HeadKeys keys_;
  HeadQueries* queries_ = nullptr;  ///< where it asks
};

}  // namespace focusllm::context

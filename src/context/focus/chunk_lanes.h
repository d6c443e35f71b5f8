#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "context/focus/candidates.h"
#include "context/focus/tail_store.h"
#include "context/sequence.h"
#include "memory/kv_pages.h"
#include "memory/segment.h"

namespace focusllm::context {

/// A chunk while its own tokens are encoded.
class ChunkText final : public Sequence {
 public:
  ChunkText(const model::Spec& spec, memory::Segment& segment) : Sequence(spec), segment_(segment) {}

 private:
  void store(const model::LaneRows& rows, const float* keys) override;
  void add_runs(int layer, std::vector<attention::KvRun>& runs) const override;
  attention::KvType type() const override { return segment_.type(); }

  memory::Segment& segment_;
  std::int64_t end_ = 0;  ///< tokens stored
};

/// Tokens of a chunk, `first` counted from its beginning.
struct Passage {
  std::int64_t first, tokens;
  bool operator==(const Passage&) const = default;
};

/// What a session puts behind an encoded chunk: the tail of the local window and the tokens since. The last
/// row is the chunk's candidate: it takes the place that the ordinary row of the same token will take later.
class ChunkTail final : public Sequence {
 public:
  /// `places`: the chunk's numbers in the text; a chunk that stands there several times is one.
  ChunkTail(const model::Spec& spec, std::shared_ptr<const memory::Segment> encoded,
            std::vector<std::int64_t> places)
      : Sequence(spec), encoded_(std::move(encoded)), places_(std::move(places)) {}

  std::int64_t chunk_tokens() const { return encoded_->capacity(); }
  std::int64_t places() const { return static_cast<std::int64_t>(places_.size()); }
  std::int64_t rows() const { return tail_; }  ///< ordinary rows behind the chunk
  /// The next pass brings `rows` rows, the last of them the candidate if the tail `ends` there; memory pages
  /// of `page` tokens are made as they are needed. Rows count as stored when the pass is over: call settle()
  /// then.
  void prepare(Candidates& candidates, std::int64_t rows, bool ends, std::int64_t page);
  void settle();
  /// Takes the tail and the candidate from there instead of a pass.
  void adopt(const EncodedTail& known, Candidates& candidates);
  /// From now on the candidate is kept for encoded().
  void keep_candidate(TailKey key);
  /// The tail as it is after a pass that kept the candidate, or null: it does not end yet, say.
  std::shared_ptr<const EncodedTail> encoded();
  const std::shared_ptr<const memory::Segment>& chunk() const { return encoded_; }
  bool has_tail() const { return has_tail_; }
  /// Whether passes note from now on where in the chunk the candidate looks.
  void note_attention(bool wanted) { noting_ = wanted; }
  void forget_attention() { received_.clear(); }
  /// Where in the chunk single heads of its candidates looked hardest; the whole chunk if nothing was noted.
  Passage hardest() const;
  std::int64_t bytes() const;
  void attended(const model::LaneRows& rows, std::span<const attention::Block> blocks) override;

 private:
  void store(const model::LaneRows& rows, const float* keys) override;
  void add_runs(int layer, std::vector<attention::KvRun>& runs) const override;
  attention::KvType type() const override { return encoded_->type(); }
  bool noting() const override { return noting_ && ends_; }
  void keep(const model::LaneRows& rows, std::int64_t row);

  std::shared_ptr<const memory::Segment> encoded_;
  std::vector<std::int64_t> places_;
  std::vector<memory::Segment> pages_;  ///< of the tail, equal ones
  std::int64_t tail_ = 0;
  bool has_tail_ = false;  ///< the candidate was made
  std::int64_t rows_ = 1;  ///< of the pass at hand
  bool ends_ = true;       ///< the last of them is the candidate
  Candidates* candidates_ = nullptr;
  /// What encoded() will give, its tail left out; nothing unless the candidate is to be kept.
  std::optional<EncodedTail> kept_;
  bool noting_ = false;
  std::vector<Received> received_;  ///< [passages of kPassage tokens], empty if nothing was noted
};

/// The local window: all candidates in front, its own tokens behind them.
class LocalWindow final : public Sequence {
 public:
  static constexpr std::int64_t kPage = 256;  ///< tokens of a page
  LocalWindow(const model::Spec& spec, attention::KvType type);
  void set_candidates(Candidates* candidates) { candidates_ = candidates; }
  void note_attention(bool wanted) { noting_ = wanted; }
  void clear();
  std::int64_t bytes() const;
  void attended(const model::LaneRows& rows, std::span<const attention::Block> blocks) override;

 private:
  void store(const model::LaneRows& rows, const float* keys) override;
  void add_runs(int layer, std::vector<attention::KvRun>& runs) const override;
  attention::KvType type() const override { return layers_.front().keys.type(); }
  bool noting() const override { return noting_; }
  struct Layer {
    memory::PagedRows keys, values;
  };
  std::vector<Layer> layers_;
  Candidates* candidates_ = nullptr;  ///< null: no chunks
  bool noting_ = false;
};

}  // namespace focusllm::context

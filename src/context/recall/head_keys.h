#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "context/recall/heads.h"
#include "memory/kv_pages.h"
#include "model/pass.h"

namespace focusllm::context {

/// The keys of a few heads, before the rotary embedding, of all tokens of a text, and of other texts that
/// stand in front of it. A copy shares its pages.
class HeadKeys {
 public:
  HeadKeys(std::span<const QueryHead> heads, const attention::HeadShape& shape, attention::KvType type);
  /// Keeps what the rows have in their layer.
  void take(const model::LaneRows& rows);

  const std::vector<KeyHead>& heads() const { return heads_; }
  std::size_t query_heads() const { return query_heads_; }
  /// Of one key head, as a layer with that head alone.
  const memory::PagedRows& keys(std::size_t key_head) const { return keys_[key_head]; }
  std::int64_t tokens() const { return keys_.empty() ? 0 : keys_.back().count(); }
  /// The tokens of another text from `first` on stand in front of this one's from `place` on, which is the
  /// same in each call.
  void put_before(const HeadKeys& other, std::int64_t first, std::int64_t place);
  /// Runs of one key head's keys of tokens [begin, end), texts in front included. Appends.
  void add_runs(std::size_t key_head, std::int64_t begin, std::int64_t end,
                std::vector<attention::KvRun>& runs) const;
  std::int64_t bytes() const;
  /// Throws Error where other texts stand in front.
  void save(memory::Saver& saver) const;
  void load(memory::Loader& loader);
  static std::int64_t bytes_needed(std::size_t key_heads, int dim, attention::KvType type,
                                   std::int64_t tokens);

 private:
  std::vector<KeyHead> heads_;
  std::size_t query_heads_;
  int dim_;
  std::vector<memory::PagedRows> keys_;
  /// A text that stands in front.
  struct Earlier {
    std::vector<memory::PagedRows> keys;
    std::int64_t first, count;
  };
  std::vector<Earlier> earlier_;  ///< in order
  std::int64_t place_ = 0;
};

/// What a question asks a few heads for: their queries, all turned as if they stood at one distance behind
/// every token.
class HeadQueries {
 public:
  /// heads: outlive this, likewise the model.
  HeadQueries(const std::vector<KeyHead>& heads, const model::Model& model, std::int64_t distance);
  void take(const model::LaneRows& rows);
  /// Of one key head: [rows, its query heads, dim].
  std::span<const float> of(std::size_t key_head) const { return queries_[key_head]; }
  std::int64_t rows() const;
  float scale() const { return spec_.attention_scale; }  ///< of the logits

 private:
  const std::vector<KeyHead>& heads_;
  const model::Spec& spec_;
  model::Rotations rotation_;
  std::vector<std::vector<float>> queries_;
};

}  // namespace focusllm::context

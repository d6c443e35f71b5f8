#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include "attention/attend.h"
#include "model/rotations.h"
#include "model/rows.h"

namespace focusllm::model {

/// Rows that want no final hidden state go through all layers for their keys and values, unless their lane
/// wants those of fewer.
inline constexpr int kAllLayers = kBehindAll - 1;

/// Rows of reading in a pass: enough for the products' peak, few enough for the caches.
inline constexpr std::int64_t kPassRows = 512;

/// A lane's rows in one layer of a pass.
class LaneRows {
 public:
  int layer = 0;
  std::int64_t count = 0;                   ///< rows
  Use use = Use::read;                      ///< of all of them
  bool keys_only = false;                   ///< they end here, and attend to nothing: no blocks are needed
  const std::int64_t* positions = nullptr;  ///< [rows]
  const float* raw_queries = nullptr;       ///< [rows, heads, dim] before rotation, rows `stride` apart
  const float* raw_keys = nullptr;          ///< [rows, kv_heads, dim], likewise
  const float* values = nullptr;            ///< [rows, kv_heads, dim], likewise
  std::int64_t stride = 0;                  ///< floats
  float* out = nullptr;                     ///< [rows, heads, dim]
  float* lse = nullptr;                     ///< [rows, heads]

  /// Most ways to turn queries in one layer.
  static constexpr int kMostTurns = 3;
  /// The queries at the rows' own positions: dense, as what follows; valid until the layer is over.
  const float* queries() const { return queries(*rotations, first, 0); }
  /// The same at positions of the lane's own, [rows] of them or one for all. `turn` tells them apart
  /// (queries() takes the place of 0) and is less than the lane's turns().
  const float* queries(const Rotations& turned, int turn) const { return queries(turned, 0, turn); }
  /// The keys at the rows' own positions. One way to turn keys in a layer.
  const float* keys() const { return keys(*rotations, first); }
  const float* keys(const Rotations& turned) const { return keys(turned, 0); }
  /// All rows with what they attend to.
  attention::Block block(attention::KvType type, std::span<const attention::Part> parts) const;

 private:
  friend class Runner;
  const float* queries(const Rotations& turned, std::int64_t from, int turn) const;
  const float* keys(const Rotations& turned, std::int64_t from) const;

  attention::HeadShape heads;
  Isa isa = Isa::scalar;  ///< the model's
  const attention::Backend* backend = nullptr;
  const Rotations* rotations = nullptr;  ///< of all rows of the pass
  std::int64_t first = 0;                ///< the lane's first row in the pass, as it began
  float* query_scratch[kMostTurns] = {};
  float* key_scratch = nullptr;
};

/// One of the sequences whose rows go through the layers together: keeps their keys and values, and says what
/// they attend to. What it throws ends this lane alone.
class Lane {
 public:
  virtual ~Lane() = default;
  /// In how many ways it turns queries in one layer.
  virtual int turns() const { return 1; }
  /// The layers whose keys and values it wants of rows that are not wanted to the end.
  virtual int layers() const { return kAllLayers; }
  /// Keeps the rows' keys and values, and adds blocks of all rows, in order, unless they are `keys_only`.
  /// What they point to stays until the layer is over. Called from several threads, each for a lane of its
  /// own; what a lane sees of another is there when all of them have returned.
  virtual void attend(const LaneRows& rows, std::vector<attention::Block>& blocks) = 0;
  /// Whether attended() is to be called in this pass.
  virtual bool watches() const { return false; }
  /// Called when the blocks' results are there, likewise from several threads.
  virtual void attended(const LaneRows& /*rows*/, std::span<const attention::Block> /*blocks*/) {}
};

/// Whose final hidden states are wanted. Of the others keys and values are all that is.
enum class Want { nothing, last, all };

/// Rows of many sequences that go through the layers together, so that the weights are read once for all of
/// them. A row's result does not depend on the rows beside it.
class Pass {
 public:
  /// Takes rows of a lane, which has to stay until the pass is over: at positions first_position, ... The
  /// last one is a candidate if asked. Gives the entry's number.
  std::size_t add(Lane& lane, std::span<const std::int32_t> tokens, std::int64_t first_position, Use use,
                  Want want, bool candidate_last = false);
  /// Takes back all entries from this number on.
  void take_back(std::size_t entry);
  std::int64_t rows() const { return rows_.size(); }
  std::size_t entries() const { return entries_.size(); }
  /// After the pass: throws what broke the entry's lane.
  void check(std::size_t entry) const;
  /// After the pass, as long as it is not cleared and its runner runs no other: [wanted rows, width].
  std::span<const float> hidden(std::size_t entry) const;
  /// Of all entries, one behind the other.
  std::span<const float> hidden() const { return hidden_; }
  void clear();

 private:
  friend class Runner;
  struct Entry {
    Lane* lane = nullptr;
    RowRange rows;
    RowRange wanted;  ///< among those that are wanted
    Use use = Use::read;
    int end = kBehindAll;  ///< where the last of its rows ends (Rows::ends)
    std::exception_ptr failure;
  };
  Rows rows_;
  std::int64_t wanted_ = 0;  ///< rows
  std::vector<Entry> entries_;
  std::span<const float> hidden_;
};

}  // namespace focusllm::model

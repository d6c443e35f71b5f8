#pragma once

#include <span>
#include <vector>

#include "attention/attend.h"
#include "base/memory.h"
#include "context/pass_rows.h"
#include "context/rotary.h"
#include "model/decoder.h"

namespace focusllm::context {

/// One of some sequences whose rows go through the layers together: where its keys and values are kept.
class Sequence {
 public:
  virtual ~Sequence() = default;
  /// Keeps keys and values of `rows` rows from `first_row` on; `keys` are the rotated ones of all rows,
  /// [rows, kv_heads * dim]. Called from several threads, each for sequences of its own.
  virtual void store(const model::LayerRows& layer, std::int64_t first_row, std::int64_t rows,
                     const float* keys) = 0;
  /// What the rows attend to, once all sequences have stored. Appends runs at the rows' own positions.
  virtual void add_runs(int layer, std::vector<attention::KvRun>& runs) const = 0;
  virtual attention::KvType type() const = 0;
  /// Called with the attention that was computed: one part, and lse filled in.
  virtual void attended(int /*layer*/, const attention::Block& /*block*/) {}
};

/// A pass of rows of several sequences through the decoder, so that the weights are read once for all of
/// them. Causal within each sequence; sliding-window layers see their window of it.
class Lockstep final : private model::AttentionSource {
 public:
  explicit Lockstep(std::shared_ptr<const model::Model> model)
      : decoder_(std::move(model)), rotary_(decoder_.model()) {}

  const model::Model& model() const { return decoder_.model(); }
  std::int64_t rows() const { return rows_.size(); }
  /// Takes rows of a sequence, which has to stay until the pass is over. The last one is a candidate if
  /// asked.
  void add(Sequence& sequence, std::span<const std::int32_t> tokens, std::int64_t first_position, Use use,
           bool candidate_last = false);
  /// Runs what was added and forgets it. Only keys and values are wanted.
  void read(const CancelToken& cancel);
  /// The same; gives the hidden states of all rows [rows, width], valid until the next pass.
  std::span<const float> forward(const CancelToken& cancel);

 private:
  struct Lane {
    Sequence* sequence;
    std::int64_t first_row, rows;
    Use use;
    std::vector<attention::KvRun> runs;
    attention::Part part;
  };
  void attend(const model::LayerRows& layer) override;
  attention::Block block_of(const model::LayerRows& layer, Lane& lane, const float* queries);

  model::Decoder decoder_;
  Rotary rotary_;
  model::Rows rows_;
  std::vector<Lane> lanes_;
  AlignedBuffer<float> lse_;
};

}  // namespace focusllm::context

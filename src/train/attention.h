#pragma once

#include <memory>
#include <vector>

#include <torch/types.h>

#include "train/frozen_kv.h"
#include "train/frozen_model.h"
#include "train/padded_kv.h"

namespace focusllm::train {

/// One layer's projections of some rows, after QK-norm and before the rotary embedding.
struct HeadRows {
  torch::Tensor queries;  ///< [rows, heads, dim]
  torch::Tensor keys;     ///< [rows, kv_heads, dim]
  torch::Tensor values;   ///< [rows, kv_heads, dim]
};
/// qkv [rows, qkv_width], bias included.
HeadRows split_heads(const FrozenModel& model, const FrozenLayer& layer, const torch::Tensor& qkv);

/// Whether queries see keys, both by position: causal, and within `window` tokens unless that is 0.
/// [..., queries], [..., keys] -> [..., queries, keys], bool.
torch::Tensor visible_keys(const torch::Tensor& query_positions, const torch::Tensor& key_positions,
                           std::int64_t window);

/// The same for queries [sequences, n] and the slots of as many sequences; an empty slot is seen by none.
/// [sequences, n, slots], bool.
torch::Tensor visible_slots(const torch::Tensor& query_positions, const PaddedKv& kv, std::int64_t window);

// Plain torch, for several sequences at once, differentiable in everything but `visible`.

/// q [sequences, n, heads, dim], k [sequences, kv_heads, m, dim], visible [sequences, n, m] -> scaled dot
/// products, -inf where a row does not see a key: [sequences, kv_heads, heads / kv_heads, n, m].
torch::Tensor visible_logits(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& visible,
                             double scale);
/// weights as those logits, v [sequences, kv_heads, m, dim] -> [sequences, n, heads, dim].
torch::Tensor weighted_values(const torch::Tensor& weights, const torch::Tensor& v);

/// What the plain form of candidate_attention reads.
struct PlainMemory {
  PaddedKv kv;                                 ///< each chunk and its tail
  FrozenModel::ByKind<torch::Tensor> visible;  ///< [chunks, steps, slots]
};

/// Ordinary rows that the candidates of a sample see: those of each chunk, and the tail behind it. Outlives
/// the graphs that it is in.
struct CandidateMemory {
  std::vector<std::shared_ptr<const FrozenKv>> chunks;
  std::vector<FrozenKv> tails;          ///< [chunks]
  std::int64_t steps = 0;               ///< candidates of each chunk
  std::vector<std::int64_t> positions;  ///< [chunks * steps] in their chunks' worlds
  PlainMemory plain;                    ///< empty where the backend is fast
};
/// worlds: the ordinary rows of each chunk's world.
PlainMemory plain_memory(const FrozenModel& model, const std::vector<PaddedKv::Parts>& worlds,
                         const CandidateMemory& memory);

/// Candidates [chunks * steps], chunk by chunk. Each sees the ordinary rows of its chunk's world that stand
/// before it, within the layer's window, and itself, but no other candidate. q [rows, heads, dim], k and v
/// [rows, kv_heads, dim], rotated -> [rows, heads, dim]. Differentiable in q, k and v.
torch::Tensor candidate_attention(const FrozenModel& model, int layer, const CandidateMemory& memory,
                                  const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);
/// The same in plain torch.
torch::Tensor candidate_attention_plain(const FrozenModel& model, int layer, const CandidateMemory& memory,
                                        const torch::Tensor& q, const torch::Tensor& k,
                                        const torch::Tensor& v);

/// What local rows see of each other and of candidates (SampleRows).
struct LocalShape {
  std::int64_t chunks = 0;
  std::int64_t steps = 0;
  std::int64_t prompt = 0;  ///< rows that see candidate 0 of each chunk; row prompt + j - 1 sees candidate j
};
/// local: rotated rows of the local window. candidate_keys, candidate_values [chunks * steps, kv_heads, dim]
/// rotated to where they stand in front of it. hidden [rows, chunks + rows]: 0, or -inf where a row does not
/// see a candidate of its own step or a local row. Differentiable in everything but `hidden`.
torch::Tensor local_attention(const LocalShape& shape, const HeadRows& local,
                              const torch::Tensor& candidate_keys, const torch::Tensor& candidate_values,
                              const torch::Tensor& hidden, double scale);

}  // namespace focusllm::train

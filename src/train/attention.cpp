#include "train/attention.h"

#include <limits>

#include "train/products.h"

namespace focusllm::train {

using torch::Tensor;

HeadRows split_heads(const FrozenModel& model, const FrozenLayer& layer, const Tensor& qkv) {
  const attention::HeadShape& shape = model.spec().heads;
  const std::int64_t queries = std::int64_t{shape.heads} * shape.dim;
  const std::int64_t keys = std::int64_t{shape.kv_heads} * shape.dim;
  return {model.heads(qkv.narrow(1, 0, queries), shape.heads, layer.query_norm),
          model.heads(qkv.narrow(1, queries, keys), shape.kv_heads, layer.key_norm),
          model.heads(qkv.narrow(1, queries + keys, keys), shape.kv_heads, {})};
}

Tensor visible_keys(const Tensor& query_positions, const Tensor& key_positions, std::int64_t window) {
  const auto distance = query_positions.unsqueeze(-1) - key_positions.unsqueeze(-2);
  const auto causal = distance >= 0;
  return window > 0 ? causal.logical_and(distance < window) : causal;
}

Tensor visible_slots(const Tensor& query_positions, const PaddedKv& kv, std::int64_t window) {
  const auto filled = (kv.positions() >= 0).unsqueeze(1);
  return visible_keys(query_positions, kv.positions(), window).logical_and(filled);
}

Tensor visible_logits(const Tensor& q, const Tensor& k, const Tensor& visible, double scale) {
  const std::int64_t sequences = q.size(0), rows = q.size(1), kv_heads = k.size(1), keys = k.size(2);
  const auto queries = q.transpose(1, 2).reshape({sequences, kv_heads, -1, q.size(3)});
  const auto logits = torch::matmul(queries * scale, k.transpose(2, 3));
  return logits.view({sequences, kv_heads, -1, rows, keys})
      .masked_fill(visible.logical_not().unsqueeze(1).unsqueeze(1), -std::numeric_limits<double>::infinity());
}

Tensor weighted_values(const Tensor& weights, const Tensor& v) {
  const std::int64_t sequences = weights.size(0), kv_heads = weights.size(1), rows = weights.size(3);
  const auto out = torch::matmul(weights.reshape({sequences, kv_heads, -1, weights.size(4)}), v);
  return out.view({sequences, -1, rows, v.size(3)}).transpose(1, 2);
}

PlainMemory plain_memory(const FrozenModel& model, const std::vector<PaddedKv::Parts>& worlds,
                         const CandidateMemory& memory) {
  PlainMemory plain{{model.spec(), worlds, 0, model.backend()}, {}};
  const auto at =
      torch::tensor(memory.positions, torch::kLong).view({-1, memory.steps}).to(model.backend().device);
  // A candidate's position is that of the ordinary row of the same token, which it must not see.
  const auto before = at.unsqueeze(-1) > plain.kv.positions().unsqueeze(-2);
  plain.visible = model.by_kind(
      [&](int layer) { return visible_slots(at, plain.kv, model.spec().window(layer)).logical_and(before); });
  return plain;
}

Tensor candidate_attention_plain(const FrozenModel& model, int layer, const CandidateMemory& memory,
                                 const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto chunks = static_cast<std::int64_t>(memory.chunks.size());
  const auto by_chunk = [&](const Tensor& x) { return x.view({chunks, memory.steps, x.size(1), x.size(2)}); };
  const auto keys = memory.plain.kv.keys(layer);
  const auto values = memory.plain.kv.values(layer);
  const auto queries = by_chunk(q);
  const auto logits =
      visible_logits(queries, keys, memory.plain.visible[model.kind(layer)], model.spec().attention_scale);
  // Its own key and value: [chunks, steps, heads, dim].
  const std::int64_t group = q.size(1) / k.size(1);
  const auto own_keys = by_chunk(k.repeat_interleave(group, 1));
  const auto own_values = by_chunk(v.repeat_interleave(group, 1));
  const auto own = ((queries * own_keys).sum(-1) * model.spec().attention_scale).transpose(1, 2);
  const auto weights =
      torch::softmax(torch::cat({logits, own.reshape({chunks, k.size(1), group, memory.steps, 1})}, -1), -1);
  const std::int64_t others = keys.size(2);
  const auto own_weights = weights.select(-1, others).reshape({chunks, q.size(1), memory.steps, 1});
  const auto out =
      weighted_values(weights.narrow(-1, 0, others), values) + own_weights.transpose(1, 2) * own_values;
  return out.reshape(q.sizes());
}

namespace {

/// [rows, heads, dim] -> [kv_heads, group * rows, dim]: the queries that share a key head, head by head.
Tensor by_key_head(const Tensor& x, std::int64_t kv_heads) {
  return x.transpose(0, 1).reshape({kv_heads, -1, x.size(2)});
}

/// The candidates 1.. of [chunks * steps, kv_heads, dim] -> [(steps - 1) * kv_heads, chunks, dim].
Tensor later_candidates(const LocalShape& shape, const Tensor& x) {
  return x.view({shape.chunks, shape.steps, x.size(1), x.size(2)})
      .narrow(1, 1, shape.steps - 1)
      .permute({1, 2, 0, 3})
      .reshape({-1, shape.chunks, x.size(2)});
}

/// Candidate 0 -> [kv_heads, chunks, dim].
Tensor prompt_candidates(const LocalShape& shape, const Tensor& x) {
  return x.view({shape.chunks, shape.steps, x.size(1), x.size(2)}).select(1, 0).transpose(0, 1);
}

/// Logits of local rows over the candidates of their steps: [heads, rows, chunks].
Tensor candidate_logits(const LocalShape& shape, const Tensor& queries, const Tensor& keys) {
  const std::int64_t heads = queries.size(1);
  const std::int64_t kv_heads = keys.size(1);
  const auto prompt = batched_product_nt(by_key_head(queries.narrow(0, 0, shape.prompt), kv_heads),
                                         prompt_candidates(shape, keys))
                          .view({heads, shape.prompt, shape.chunks});
  const std::int64_t later = shape.steps - 1;
  if (later == 0) return prompt;
  const auto rows = queries.narrow(0, shape.prompt, later).reshape({later * kv_heads, -1, queries.size(2)});
  const auto logits = batched_product_nt(rows, later_candidates(shape, keys));  // [later * kv, group, chunks]
  return torch::cat({prompt, logits.view({later, heads, shape.chunks}).transpose(0, 1)}, 1);
}

/// weights [heads, rows, chunks] over those candidates' values -> [heads, rows, dim].
Tensor candidate_outputs(const LocalShape& shape, const Tensor& weights, const Tensor& values) {
  const std::int64_t heads = weights.size(0);
  const std::int64_t kv_heads = values.size(1);
  const std::int64_t dim = values.size(2);
  const auto prompt =
      batched_product_nn(weights.narrow(1, 0, shape.prompt).reshape({kv_heads, -1, shape.chunks}),
                         prompt_candidates(shape, values))
          .view({heads, shape.prompt, dim});
  const std::int64_t later = shape.steps - 1;
  if (later == 0) return prompt;
  const auto rows =
      weights.narrow(1, shape.prompt, later).transpose(0, 1).reshape({later * kv_heads, -1, shape.chunks});
  const auto outputs = batched_product_nn(rows, later_candidates(shape, values));  // [later * kv, group, dim]
  return torch::cat({prompt, outputs.view({later, heads, dim}).transpose(0, 1)}, 1);
}

}  // namespace

Tensor local_attention(const LocalShape& shape, const HeadRows& local, const Tensor& candidate_keys,
                       const Tensor& candidate_values, const Tensor& hidden, double scale) {
  const std::int64_t rows = local.queries.size(0);
  const std::int64_t heads = local.queries.size(1);
  const std::int64_t kv_heads = local.keys.size(1);
  const auto queries = local.queries * scale;
  auto logits = batched_product_nt(by_key_head(queries, kv_heads), local.keys.transpose(0, 1))
                    .view({heads, rows, rows});
  if (shape.chunks > 0) logits = torch::cat({candidate_logits(shape, queries, candidate_keys), logits}, -1);
  const auto weights = torch::softmax(logits + hidden, -1);
  auto out = batched_product_nn(weights.narrow(-1, shape.chunks, rows).reshape({kv_heads, -1, rows}),
                                local.values.transpose(0, 1))
                 .view({heads, rows, -1});
  if (shape.chunks > 0) {
    out = out + candidate_outputs(shape, weights.narrow(-1, 0, shape.chunks), candidate_values);
  }
  return out.transpose(0, 1);
}

}  // namespace focusllm::train

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
  const auto distance = query_positions.unsqueeze(1) - key_positions.unsqueeze(0);
  const auto causal = distance >= 0;
  return window > 0 ? causal.logical_and(distance < window) : causal;
}

Tensor masked_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& visible,
                        double scale) {
  const std::int64_t group = q.size(1) / k.size(0);
  const auto queries = q.transpose(0, 1);  // [heads, n, dim]
  const auto keys = k.repeat_interleave(group, 0);
  const auto logits = torch::matmul(queries, keys.transpose(1, 2)) * scale;
  const auto masked = logits.masked_fill(visible.logical_not(), -std::numeric_limits<double>::infinity());
  return torch::matmul(torch::softmax(masked, -1), v.repeat_interleave(group, 0)).transpose(0, 1);
}

Tensor candidate_attention_plain(const FrozenModel& model, int layer, const CandidateMemory& memory,
                                 const Tensor& q, const Tensor& k, const Tensor& v) {
  const std::int64_t group = q.size(1) / k.size(1);
  const double scale = model.spec().attention_scale;
  const auto positions = torch::tensor(memory.positions, torch::kLong);
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < memory.chunks.size(); ++i) {
    const std::int64_t first = static_cast<std::int64_t>(i) * memory.steps;
    auto keys = memory.chunks[i]->keys(layer);
    auto values = memory.chunks[i]->values(layer);
    if (memory.tails[i].tokens() > 0) {
      keys = torch::cat({keys, memory.tails[i].keys(layer)}, 1);
      values = torch::cat({values, memory.tails[i].values(layer)}, 1);
    }
    keys = keys.to(q.scalar_type()).repeat_interleave(group, 0);      // [heads, n, dim]
    values = values.to(q.scalar_type()).repeat_interleave(group, 0);  // [heads, n, dim]
    const auto queries = q.narrow(0, first, memory.steps).transpose(0, 1);
    const auto own_keys = k.narrow(0, first, memory.steps).transpose(0, 1).repeat_interleave(group, 0);
    const auto own_values = v.narrow(0, first, memory.steps).transpose(0, 1).repeat_interleave(group, 0);
    // A candidate's position is that of the ordinary row of the same token, which it must not see.
    const auto at = positions.narrow(0, first, memory.steps);
    const auto before = torch::arange(keys.size(1), torch::kLong);
    const auto visible = visible_keys(at, before, model.spec().window(layer))
                             .logical_and(at.unsqueeze(1) > before.unsqueeze(0));
    const auto logits =
        (torch::matmul(queries, keys.transpose(1, 2)) * scale)
            .masked_fill(visible.logical_not().to(q.device()), -std::numeric_limits<double>::infinity());
    const auto own = (queries * own_keys).sum(-1, true) * scale;
    const auto weights = torch::softmax(torch::cat({logits, own}, -1), -1);
    const auto out = torch::matmul(weights.narrow(-1, 0, keys.size(1)), values) +
                     weights.narrow(-1, keys.size(1), 1) * own_values;
    outputs.push_back(out.transpose(0, 1));
  }
  return torch::cat(outputs);
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

#include "attention/reference.h"

#include <vector>

#include <torch/types.h>

namespace focusllm::attention::reference {
namespace {

using torch::Tensor;

Tensor load(const Problem& p, const KvRun& run, const void* data, const float* scales) {
  const torch::ScalarType type = p.type == KvType::f32    ? torch::kFloat32
                                 : p.type == KvType::bf16 ? torch::kBFloat16
                                                          : torch::kInt8;
  const HeadShape& s = p.shape;
  Tensor loaded = torch::from_blob(const_cast<void*>(data), {s.kv_heads, run.capacity, s.dim}, type);
  loaded = loaded.narrow(1, 0, run.count).to(torch::kFloat64);
  if (p.type != KvType::int8) return loaded;
  const Tensor scale =
      torch::from_blob(const_cast<float*>(scales), {s.kv_heads, run.capacity, 1}, torch::kFloat32);
  return loaded * scale.narrow(1, 0, run.count).to(torch::kFloat64);
}

struct Keys {
  Tensor keys;       // [heads, keys, dim]: every query head's own copy of its key head
  Tensor values;     // [heads, keys, dim]
  Tensor positions;  // [keys]
};

Keys join(const Problem& p) {
  std::vector<Tensor> keys{torch::zeros({p.shape.kv_heads, 0, p.shape.dim}, torch::kFloat64)};
  std::vector<Tensor> values{keys[0]};
  std::vector<Tensor> positions{torch::zeros({0}, torch::kInt64)};
  for (const KvRun& run : p.runs) {
    if (run.count == 0) continue;
    keys.push_back(load(p, run, run.keys, run.key_scales));
    values.push_back(load(p, run, run.values, run.value_scales));
    positions.push_back(torch::arange(run.position, run.position + run.count, torch::kInt64));
  }
  const std::int64_t group = p.shape.heads / p.shape.kv_heads;
  return {torch::cat(keys, 1).repeat_interleave(group, 0), torch::cat(values, 1).repeat_interleave(group, 0),
          torch::cat(positions)};
}

/// scale * q k [heads, rows, keys], -inf where the mask hides the key.
Tensor scores(const Problem& p, const Keys& keys) {
  const Tensor queries = torch::from_blob(const_cast<float*>(p.queries), {p.rows, p.shape.heads, p.shape.dim})
                             .to(torch::kFloat64)
                             .transpose(0, 1);
  const Tensor all = torch::matmul(queries, keys.keys.transpose(1, 2)) * static_cast<double>(p.scale);
  if (p.positions == nullptr) return all;
  const Tensor rows = torch::from_blob(const_cast<std::int64_t*>(p.positions), {p.rows, 1}, torch::kInt64);
  const Tensor distance = rows - keys.positions.unsqueeze(0);
  const Tensor visible = (distance >= p.visible.min) & (distance < p.visible.max);
  return all.masked_fill(visible.logical_not(), -std::numeric_limits<double>::infinity());
}

void copy_to(const Tensor& from, float* to) {
  const Tensor contiguous = from.to(torch::kFloat32).contiguous();
  std::copy_n(contiguous.data_ptr<float>(), contiguous.numel(), to);
}

}  // namespace

void partial(const Problem& problem) {
  const Keys keys = join(problem);
  const Tensor s = scores(problem, keys);
  const Tensor lse = torch::logsumexp(s, 2);  // [heads, rows], -inf without a key
  const Tensor weights =
      torch::exp(s - lse.unsqueeze(2)).nan_to_num(0);  // -inf - -inf: a row that sees nothing
  if (problem.out != nullptr) copy_to(torch::matmul(weights, keys.values).transpose(0, 1), problem.out);
  copy_to(lse.transpose(0, 1), problem.lse);
}

void collect_columns(const Problem& problem, Collect collect, const float* lse, float* columns,
                     std::int64_t stride) {
  const Keys keys = join(problem);
  const Tensor total = torch::from_blob(const_cast<float*>(lse), {problem.rows, problem.shape.heads, 1})
                           .to(torch::kFloat64)
                           .transpose(0, 1);
  Tensor weights = torch::exp(scores(problem, keys) - total);
  weights = weights.masked_fill(torch::isinf(total), 0);
  const std::int64_t count = keys.positions.size(0);
  Tensor to = torch::from_blob(columns, {problem.shape.heads, count}, {stride, 1}, torch::kFloat32);
  if (collect == Collect::sum) {
    to.add_(weights.sum(1).to(torch::kFloat32));
  } else if (problem.rows > 0) {
    to.copy_(torch::maximum(to, weights.amax(1).to(torch::kFloat32)));
  }
}

}  // namespace focusllm::attention::reference

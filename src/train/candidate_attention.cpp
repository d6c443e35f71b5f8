// Attention of candidates on the CPU in f32: forward by the engine's kernels, backward on recomputed
// probabilities, so that none are kept.
#include <algorithm>
#include <cmath>

#include <torch/csrc/autograd/custom_function.h>

#include "base/threads.h"
#include "train/attention.h"
#include "train/candidate_gradient.h"

namespace focusllm::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<std::vector<attention::KvRun>> all_runs(const CandidateWhere& where) {
  std::vector<std::vector<attention::KvRun>> runs;
  for (std::size_t i = 0; i < where.memory->chunks.size(); ++i) runs.push_back(where.runs(i));
  return runs;
}

/// out and lse over the ordinary rows.
void attend_memory(const CandidateWhere& where, const float* q, float* out, float* lse) {
  const CandidateMemory& memory = *where.memory;
  const attention::HeadShape& heads = where.heads();
  const auto runs = all_runs(where);
  std::vector<attention::Problem> problems;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::int64_t row = static_cast<std::int64_t>(i) * memory.steps;
    const std::int64_t at = row * heads.heads;
    problems.push_back({.shape = heads,
                        .type = where.model->backend().kv_type,
                        .isa = where.model->backend().isa,
                        .scale = where.model->spec().attention_scale,
                        .queries = q + at * heads.dim,
                        .positions = memory.positions.data() + row,
                        .rows = memory.steps,
                        .runs = runs[i],
                        .visible = where.visible(),
                        .out = out + at * heads.dim,
                        .lse = lse + at});
  }
  attention::partial(problems);
}

/// Merges each candidate's own key and value into what it saw of the memory.
void add_own(const CandidateWhere& where, const float* q, const float* k, const float* v, std::int64_t rows,
             float* out, float* lse) {
  const attention::HeadShape& heads = where.heads();
  const int group = heads.heads / heads.kv_heads;
  const float scale = where.model->spec().attention_scale;
#pragma omp parallel for schedule(static)
  for (std::int64_t row = 0; row < rows; ++row) {
    for (int head = 0; head < heads.heads; ++head) {
      const std::int64_t at = row * heads.heads + head;
      const std::int64_t own = (row * heads.kv_heads + head / group) * heads.dim;
      const float score = scale * dot(q + at * heads.dim, k + own, heads.dim);
      const float top = std::max(score, lse[at]);
      const float total = top + std::log(std::exp(score - top) + std::exp(lse[at] - top));
      const float kept = std::exp(lse[at] - total);
      float* to = out + at * heads.dim;
      for (int i = 0; i < heads.dim; ++i) to[i] *= kept;
      add_scaled(std::exp(score - total), v + own, heads.dim, to);
      lse[at] = total;
    }
  }
}

class CandidateAttention : public torch::autograd::Function<CandidateAttention> {
 public:
  static Tensor forward(AutogradContext* context, Tensor q, Tensor k, Tensor v, const FrozenModel* model,
                        const CandidateMemory* memory, std::int64_t layer) {
    q = q.contiguous();
    k = k.contiguous();
    v = v.contiguous();
    const CandidateWhere where{model, memory, static_cast<int>(layer)};
    auto out = torch::empty_like(q);
    auto lse = torch::empty({q.size(0), q.size(1)}, q.options());
    attend_memory(where, q.data_ptr<float>(), out.data_ptr<float>(), lse.data_ptr<float>());
    add_own(where, q.data_ptr<float>(), k.data_ptr<float>(), v.data_ptr<float>(), q.size(0),
            out.data_ptr<float>(), lse.data_ptr<float>());
    context->save_for_backward({q, k, v, out, lse});
    context->saved_data["model"] = pack(model);
    context->saved_data["memory"] = pack(memory);
    context->saved_data["layer"] = layer;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const CandidateWhere where{unpack<FrozenModel>(context->saved_data["model"]),
                               unpack<CandidateMemory>(context->saved_data["memory"]),
                               static_cast<int>(context->saved_data["layer"].toInt())};
    const auto dy = gradients[0].contiguous();
    auto dq = torch::empty_like(saved[0]);
    auto dk = torch::zeros_like(saved[1]);
    auto dv = torch::zeros_like(saved[2]);
    const CandidatePointers pointers{
        saved[0].data_ptr<float>(), saved[1].data_ptr<float>(), saved[2].data_ptr<float>(),
        saved[3].data_ptr<float>(), saved[4].data_ptr<float>(), dy.data_ptr<float>(),
        dq.data_ptr<float>(),       dk.data_ptr<float>(),       dv.data_ptr<float>()};
    const auto kv_heads = static_cast<std::int64_t>(where.heads().kv_heads);
    const auto runs = all_runs(where);
    parallel_for(static_cast<std::int64_t>(runs.size()) * kv_heads, [&](std::int64_t i) {
      candidate_gradient(where, pointers, i / kv_heads, static_cast<int>(i % kv_heads),
                         runs[static_cast<std::size_t>(i / kv_heads)]);
    });
    return {dq, dk, dv, Tensor(), Tensor(), Tensor()};
  }

 private:
  template <typename T>
  static std::int64_t pack(const T* pointer) {
    return static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(pointer));
  }
  template <typename T>
  static const T* unpack(const c10::IValue& value) {
    return reinterpret_cast<const T*>(static_cast<std::intptr_t>(value.toInt()));
  }
};

}  // namespace

Tensor candidate_attention(const FrozenModel& model, int layer, const CandidateMemory& memory,
                           const Tensor& q, const Tensor& k, const Tensor& v) {
  if (!model.backend().fast) return candidate_attention_plain(model, layer, memory, q, k, v);
  return CandidateAttention::apply(q, k, v, &model, &memory, static_cast<std::int64_t>(layer));
}

}  // namespace focusllm::train

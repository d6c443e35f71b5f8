// Attention of candidates on the CPU in f32: forward by the engine's kernels, backward on recomputed
// probabilities, so that none are kept.
#include <cmath>

#include <torch/csrc/autograd/custom_function.h>

#include "base/bf16.h"
#include "base/cpu.h"
#include "base/threads.h"
#include "train/attention.h"
#include "train/gradient_kernel.h"
#include "train/sgemm.h"

namespace focusllm::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the graph needs to know beside its tensors; lives as long as the memory.
struct Where {
  const FrozenModel* model;
  const CandidateMemory* memory;
  int layer;

  const attention::HeadShape& heads() const { return model->spec().heads; }
  /// Runs of chunk i's world.
  std::vector<attention::KvRun> runs(std::size_t i) const {
    std::vector<attention::KvRun> runs{memory->chunks[i]->run(layer, 0)};
    if (memory->tails[i].tokens() > 0) runs.push_back(memory->tails[i].run(layer, runs[0].count));
    return runs;
  }
  /// Strictly before the candidate: its position is that of the ordinary row of the same token.
  attention::Visible visible() const {
    const std::int64_t window = model->spec().window(layer);
    return {1, window > 0 ? window : attention::kCausal.max};
  }
};

float dot(const float* a, const float* b, int dim) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int i = 0; i < dim; ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled(float factor, const float* x, int dim, float* y) {
#pragma omp simd
  for (int i = 0; i < dim; ++i) y[i] += factor * x[i];
}

std::vector<std::vector<attention::KvRun>> all_runs(const Where& where) {
  std::vector<std::vector<attention::KvRun>> runs;
  for (std::size_t i = 0; i < where.memory->chunks.size(); ++i) runs.push_back(where.runs(i));
  return runs;
}

/// out and lse over the ordinary rows.
void attend_memory(const Where& where, const float* q, float* out, float* lse) {
  const CandidateMemory& memory = *where.memory;
  const attention::HeadShape& heads = where.heads();
  const auto runs = all_runs(where);
  std::vector<attention::Problem> problems;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::int64_t row = static_cast<std::int64_t>(i) * memory.steps;
    const std::int64_t at = row * heads.heads;
    problems.push_back({heads, where.model->backend().kv_type, where.model->spec().attention_scale,
                        q + at * heads.dim, memory.positions.data() + row, memory.steps, runs[i],
                        where.visible(), out + at * heads.dim, lse + at});
  }
  attention::partial(problems);
}

/// Merges each candidate's own key and value into what it saw of the memory.
void add_own(const Where& where, const float* q, const float* k, const float* v, std::int64_t rows,
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

/// A run's keys or values of one head as f32: where they lie, or converted into `buffer`.
const float* as_floats(attention::KvType type, const void* data, std::int64_t offset, std::int64_t count,
                       std::vector<float>& buffer) {
  if (type == attention::KvType::f32) return static_cast<const float*>(data) + offset;
  const auto* from = static_cast<const Bf16*>(data) + offset;
  buffer.resize(static_cast<std::size_t>(count));
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) buffer[static_cast<std::size_t>(i)] = to_float(from[i]);
  return buffer.data();
}

/// Gradients of the candidates of one chunk that share a key head. All pointers are of the whole layer.
class HeadGradient {
 public:
  struct Pointers {
    const float *q, *k, *v, *out, *lse, *dy;
    float *dq, *dk, *dv;
  };
  HeadGradient(const Where& where, const Pointers& p, std::int64_t chunk, int kv_head)
      : where_(where), p_(p), chunk_(chunk), kv_head_(kv_head) {
    const attention::HeadShape& heads = where.heads();
    dim_ = heads.dim;
    group_ = heads.heads / heads.kv_heads;
    queries_ = where.memory->steps * group_;
    gather();
  }
  void run(std::span<const attention::KvRun> runs) {
    for (const attention::KvRun& run : runs) add(run);
    add_own();
  }

 private:
  /// Query r of the group is head r % group of row r / group.
  std::int64_t index(std::int64_t r) const {
    const std::int64_t row = chunk_ * where_.memory->steps + r / group_;
    return row * where_.heads().heads + kv_head_ * group_ + r % group_;
  }
  void gather() {
    const auto size = static_cast<std::size_t>(queries_ * dim_);
    q_.resize(size);
    dy_.resize(size);
    dq_.assign(size, 0);
    mean_.resize(static_cast<std::size_t>(queries_));
    for (std::int64_t r = 0; r < queries_; ++r) {
      const std::int64_t at = index(r) * dim_;
      std::copy_n(p_.q + at, dim_, q_.data() + r * dim_);
      std::copy_n(p_.dy + at, dim_, dy_.data() + r * dim_);
      mean_[static_cast<std::size_t>(r)] = dot(p_.out + at, p_.dy + at, dim_);
    }
  }
  void add(const attention::KvRun& run);
  void add_own();

  const Where& where_;
  const Pointers& p_;
  std::int64_t chunk_;
  int kv_head_;
  int dim_ = 0;
  std::int64_t group_ = 0, queries_ = 0;
  std::vector<float> q_, dy_, dq_, mean_, scores_, dp_, keys_, values_;
};

void HeadGradient::add(const attention::KvRun& run) {
  const attention::KvType type = where_.model->backend().kv_type;
  const std::int64_t offset = kv_head_ * run.capacity * dim_;
  const float scale = where_.model->spec().attention_scale;
  const float* keys = as_floats(type, run.keys, offset, run.count * dim_, keys_);
  const float* values = as_floats(type, run.values, offset, run.count * dim_, values_);
  scores_.resize(static_cast<std::size_t>(queries_ * run.count));
  dp_.resize(scores_.size());
  sgemm(queries_, run.count, dim_, scale, {q_.data(), dim_, false}, {keys, dim_, true}, false, scores_.data(),
        run.count);
  sgemm(queries_, run.count, dim_, 1, {dy_.data(), dim_, false}, {values, dim_, true}, false, dp_.data(),
        run.count);
  const auto softmax = FOCUSLLM_ACTIVE(gradient_kernels)->softmax;
  const attention::Visible visible = where_.visible();
  for (std::int64_t r = 0; r < queries_; ++r) {
    const std::int64_t row = index(r) / where_.heads().heads;
    const std::int64_t position = where_.memory->positions[static_cast<std::size_t>(row)] - run.position;
    const std::int64_t oldest = visible.max > position ? 0 : position - visible.max + 1;
    const std::int64_t last = std::clamp<std::int64_t>(position, 0, run.count);
    softmax(dp_.data() + r * run.count, p_.lse[index(r)], mean_[static_cast<std::size_t>(r)], scale,
            std::min(oldest, last), last, run.count, scores_.data() + r * run.count);
  }
  sgemm(queries_, dim_, run.count, 1, {scores_.data(), run.count, false}, {keys, dim_, false}, true,
        dq_.data(), dim_);
}

void HeadGradient::add_own() {
  const float scale = where_.model->spec().attention_scale;
  for (std::int64_t r = 0; r < queries_; ++r) {
    const std::int64_t at = index(r);
    const std::int64_t own = (at / where_.heads().heads * where_.heads().kv_heads + kv_head_) * dim_;
    const float* q = q_.data() + r * dim_;
    const float* dy = dy_.data() + r * dim_;
    const float p = std::exp(scale * dot(q, p_.k + own, dim_) - p_.lse[at]);
    const float ds = scale * p * (dot(dy, p_.v + own, dim_) - mean_[static_cast<std::size_t>(r)]);
    add_scaled(ds, p_.k + own, dim_, dq_.data() + r * dim_);
    add_scaled(ds, q, dim_, p_.dk + own);
    add_scaled(p, dy, dim_, p_.dv + own);
    std::copy_n(dq_.data() + r * dim_, dim_, p_.dq + at * dim_);
  }
}

class CandidateAttention : public torch::autograd::Function<CandidateAttention> {
 public:
  static Tensor forward(AutogradContext* context, Tensor q, Tensor k, Tensor v, const FrozenModel* model,
                        const CandidateMemory* memory, std::int64_t layer) {
    q = q.contiguous();
    k = k.contiguous();
    v = v.contiguous();
    const Where where{model, memory, static_cast<int>(layer)};
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
    const Where where{unpack<FrozenModel>(context->saved_data["model"]),
                      unpack<CandidateMemory>(context->saved_data["memory"]),
                      static_cast<int>(context->saved_data["layer"].toInt())};
    const auto dy = gradients[0].contiguous();
    auto dq = torch::empty_like(saved[0]);
    auto dk = torch::zeros_like(saved[1]);
    auto dv = torch::zeros_like(saved[2]);
    const HeadGradient::Pointers pointers{
        saved[0].data_ptr<float>(), saved[1].data_ptr<float>(), saved[2].data_ptr<float>(),
        saved[3].data_ptr<float>(), saved[4].data_ptr<float>(), dy.data_ptr<float>(),
        dq.data_ptr<float>(),       dk.data_ptr<float>(),       dv.data_ptr<float>()};
    const auto kv_heads = static_cast<std::int64_t>(where.heads().kv_heads);
    const auto runs = all_runs(where);
    parallel_for(static_cast<std::int64_t>(runs.size()) * kv_heads, [&](std::int64_t i) {
      HeadGradient(where, pointers, i / kv_heads, static_cast<int>(i % kv_heads))
          .run(runs[static_cast<std::size_t>(i / kv_heads)]);
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

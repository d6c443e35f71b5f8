#include "train/candidate_gradient.h"

#include <algorithm>
#include <cmath>

#include "base/bf16.h"
#include "train/gradient_kernel.h"
#include "train/sgemm.h"

namespace focusllm::train {
namespace {

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
  HeadGradient(const CandidateWhere& where, const CandidatePointers& p, std::int64_t chunk, int kv_head)
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

  const CandidateWhere& where_;
  const CandidatePointers& p_;
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
  const auto softmax =
      FOCUSLLM_OF_ISA(GradientKernels, where_.model->backend().isa, gradient_kernels).softmax;
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

}  // namespace

void candidate_gradient(const CandidateWhere& where, const CandidatePointers& pointers, std::int64_t chunk,
                        int kv_head, std::span<const attention::KvRun> runs) {
  HeadGradient(where, pointers, chunk, kv_head).run(runs);
}

}  // namespace focusllm::train

#pragma once

#include <span>
#include <vector>

#include "train/attention.h"

// The backward pass of candidate_attention on the CPU, in f32.

namespace focusllm::train {

/// What the graph of one layer's candidates needs to know beside its tensors; lives as long as the memory.
struct CandidateWhere {
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

/// Of one layer: q, out, dy, dq [rows, heads, dim]; k, v, dk, dv [rows, kv_heads, dim]; lse [rows, heads]
/// over everything that a row sees. dk and dv come zeroed.
struct CandidatePointers {
  const float *q, *k, *v, *out, *lse, *dy;
  float *dq, *dk, *dv;
};

/// Gradients of the candidates of chunk `chunk` that share a key head, over the runs of the chunk's world, on
/// the calling thread. Probabilities are recomputed from `lse`.
void candidate_gradient(const CandidateWhere& where, const CandidatePointers& pointers, std::int64_t chunk,
                        int kv_head, std::span<const attention::KvRun> runs);

inline float dot(const float* a, const float* b, int dim) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int i = 0; i < dim; ++i) sum += a[i] * b[i];
  return sum;
}

inline void add_scaled(float factor, const float* x, int dim, float* y) {
#pragma omp simd
  for (int i = 0; i < dim; ++i) y[i] += factor * x[i];
}

}  // namespace focusllm::train

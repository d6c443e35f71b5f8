#include <algorithm>

#include "attention/work.h"

// Decode: so few queries that reading the keys is the cost. Nothing is packed; keys are read where they lie.

namespace focusllm::attention {
namespace {

struct FewQueries {
  void* rows;  // [queries][dim], f32 or bf16
  float* top;
  float* total;
  float* out;  // [queries][dim]
  float* scores;
};

void store_query(const float* query, int dim, float factor, bool bf16, void* rows, int q) {
  for (int d = 0; d < dim; ++d) {
    if (bf16) {
      static_cast<Bf16*>(rows)[q * dim + d] = to_bf16(query[d] * factor);
    } else {
      static_cast<float*>(rows)[q * dim + d] = query[d] * factor;
    }
  }
}

FewQueries prepare(const Work& work, int queries, int group, bool bf16) {
  const Problem& p = *work.problem;
  const int dim = p.shape.dim;
  Scratch& scratch = Scratch::of_this_thread();
  scratch.reset(2 * Scratch::rounded(std::int64_t{queries} * dim * 4) + 2 * Scratch::rounded(queries * 4) +
                Scratch::rounded(std::int64_t{queries} * kRowKeys * 4));
  FewQueries few{};
  few.rows = scratch.take<float>(std::int64_t{queries} * dim);
  few.top = scratch.take<float>(queries);
  few.total = scratch.take<float>(queries);
  few.out = scratch.take<float>(std::int64_t{queries} * dim);
  few.scores = scratch.take<float>(std::int64_t{queries} * kRowKeys);
  for (int q = 0; q < queries; ++q) {
    const std::int64_t row = work.row + q / group;
    const float* query = p.queries + (row * p.shape.heads + work.kv_head * group + q % group) * dim;
    store_query(query, dim, static_cast<float>(p.scale * kLog2E), bf16, few.rows, q);
  }
  std::fill_n(few.top, queries, kStartTop);
  std::fill_n(few.total, queries, 0.0F);
  std::fill_n(few.out, std::int64_t{queries} * dim, 0.0F);
  return few;
}

void store(const Work& work, const FewQueries& few, int queries, int group) {
  const int dim = work.problem->shape.dim;
  for (int q = 0; q < queries; ++q) {
    const int row = q / group;
    const int head = q % group;
    const float factor = few.total[q] > 0 ? 1 / few.total[q] : 0;
    float* out = work.out + row * work.out_stride + std::int64_t{head} * dim;
    for (int d = 0; d < dim; ++d) out[d] = few.out[q * dim + d] * factor;
    work.lse[row * work.lse_stride + head] = natural_lse(few.top[q], few.total[q]);
  }
}

}  // namespace

void attend_few(const Work& work) {
  const Problem& p = *work.problem;
  const RowKernels& kernels = row_kernels_of(p.isa);
  const int dim = p.shape.dim;
  const int group = p.shape.heads / p.shape.kv_heads;
  const int queries = static_cast<int>(work.rows) * group;
  const bool bf16 = few_use_bf16(p.type, p.isa);
  const auto kernel = bf16 ? kernels.attend_bf16 : kernels.attend;
  const FewQueries few = prepare(work, queries, group, bf16);
  PositionRange seen[kMaxRowQueries];
  for (int q = 0; q < queries; ++q) seen[q] = seen_by(p, work.row + q / group);
  KeyCursor cursor(p, work.columns);
  const auto next = [&cursor] { return cursor.next(kRowKeys - cursor.token() % kRowKeys); };
  for (Slice slice = next(); slice.count > 0; slice = next()) {
    const KvRun& run = *slice.run;
    int first[kMaxRowQueries];
    int last[kMaxRowQueries];
    for (int q = 0; q < queries; ++q) {
      const IndexRange range = inside(seen[q], run.position + slice.begin, static_cast<int>(slice.count));
      first[q] = range.first;
      last[q] = range.last;
    }
    kernel({.type = static_cast<int>(p.type),
            .dim = dim,
            .keys = static_cast<int>(slice.count),
            .queries = queries,
            .query_rows = few.rows,
            .key_rows = token_data(p.type, run.keys, dim, run, work.kv_head, slice.begin),
            .value_rows = token_data(p.type, run.values, dim, run, work.kv_head, slice.begin),
            .key_scales = token_scales(run.key_scales, run, work.kv_head, slice.begin),
            .value_scales = token_scales(run.value_scales, run, work.kv_head, slice.begin),
            .first = first,
            .last = last,
            .scores = few.scores,
            .top = few.top,
            .total = few.total,
            .out = few.out});
  }
  store(work, few, queries, group);
}

}  // namespace focusllm::attention

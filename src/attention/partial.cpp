#include "attention/partial.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "attention/backend.h"
#include "attention/work.h"
#include "base/error.h"
#include "base/threads.h"

// Checks, and how problems are cut into work for the threads.

namespace focusllm::attention {
namespace {

constexpr std::int64_t kMinPartKeys = 512;          // of columns: fewer cost more in packing than they save
constexpr std::int64_t kMinParallelWork = 1 << 20;  // multiply-adds that one thread does while others wake up
constexpr std::int64_t kBlockBytes =
    384 * 1024;                     // queries and sums of a work's rows, in the second-level cache
constexpr int kWorksPerThread = 8;  // works are equal only roughly: the last ones leave threads idle

/// One work before its keys are split, and where the parts' results wait to be merged.
struct Split {
  Work work;
  std::int64_t parts = 1;
  std::size_t slot = 0;  // of the first part's results in Plan::partials
};

struct Plan {
  std::vector<Split> splits;
  std::vector<Work> works;
  std::vector<float> partials;
  std::int64_t cost = 0;  // multiply-adds
};

Plan& plan_of_this_thread() {  // keeps its memory from call to call
  thread_local Plan plan;
  plan.splits.clear();
  plan.works.clear();
  plan.cost = 0;
  return plan;
}

void check(const Problem& p) {
  const HeadShape& s = p.shape;
  if (s.heads <= 0 || s.kv_heads <= 0 || s.heads % s.kv_heads != 0) {
    fail("attention: {} query heads over {} key heads: the first must be a multiple of the second", s.heads,
         s.kv_heads);
  }
  if (s.dim <= 0 || s.dim > kMostDim || s.dim % 16 != 0) {
    fail("attention: heads of width {}: supported are multiples of 16 up to 512", s.dim);
  }
  const bool everything = p.visible.min == kEverything.min && p.visible.max == kEverything.max;
  if (p.rows > 0 && p.positions == nullptr && !everything)
    fail("attention: a mask needs the rows' positions");
  for (const KvRun& run : p.runs) {
    if (run.count < 0 || run.count > run.capacity)
      fail("attention: a run of {} of {} tokens", run.count, run.capacity);
    if (p.type == KvType::int8 && run.count > 0 &&
        (run.key_scales == nullptr || run.value_scales == nullptr)) {
      fail("attention: int8 keys and values need their scales");
    }
  }
}

int group_of(const Problem& p) {
  return p.shape.heads / p.shape.kv_heads;
}
bool is_few(const Problem& p) {
  return p.use == Use::answer && group_of(p) <= kMaxRowQueries;
}

/// Rows of a problem that one work takes: a whole number of blocks of queries, no more than fit the cache,
/// and so few that there is work for all threads.
std::int64_t rows_at_once(const Problem& p, std::int64_t all_queries) {
  const int group = group_of(p);
  if (is_few(p)) return kMaxRowQueries / group;
  const std::int64_t block = kVectors * tile_kernel(p.type, p.isa).lanes;
  const std::int64_t rows = block / std::gcd(block, std::int64_t{group});  // that fill whole blocks
  const std::int64_t cache = kBlockBytes / (std::int64_t{p.shape.dim} * 8);
  const std::int64_t share = all_queries / (std::int64_t{kWorksPerThread} * thread_count());
  return std::max<std::int64_t>(1, std::min(cache, share) / (rows * group)) * rows;
}

std::int64_t count_queries(std::span<const Problem> problems) {
  std::int64_t queries = 0;
  for (const Problem& p : problems) queries += p.rows * p.shape.heads;
  return queries;
}

/// The columns that any of some rows sees, from where the walk over all keys has a step.
Columns columns_of(const Problem& p, std::int64_t row, std::int64_t rows) {
  Columns columns = columns_inside(p, seen_by_any(p, row, row + rows - 1));
  const std::int64_t beyond =
      is_few(p) ? KeyCursor(p, columns).token() % kRowKeys : columns.first % kTileKeys;
  columns.first -= beyond;
  return columns;
}

void cut(const Problem& p, std::int64_t row, std::int64_t rows, Plan& plan) {
  const int group = group_of(p);
  const Columns columns = columns_of(p, row, rows);
  for (int head = 0; head < p.shape.kv_heads; ++head) {
    const std::int64_t at = row * p.shape.heads + head * group;
    plan.splits.push_back({.work = {.problem = &p,
                                    .kv_head = head,
                                    .row = row,
                                    .rows = rows,
                                    .columns = columns,
                                    .out = p.out == nullptr ? nullptr : p.out + at * p.shape.dim,
                                    .lse = p.lse + at,
                                    .out_stride = std::int64_t{p.shape.heads} * p.shape.dim,
                                    .lse_stride = p.shape.heads}});
  }
  plan.cost += 2 * (columns.last - columns.first) * rows * p.shape.heads * p.shape.dim;
}

/// Cuts problems by rows and heads; the last rows first, which see the most keys, so that the threads end
/// together.
void cut(std::span<const Problem> problems, Plan& plan) {
  const std::int64_t queries = count_queries(problems);
  for (const Problem& p : problems) {
    if (p.rows == 0 || p.backend != nullptr) continue;
    const std::int64_t step = rows_at_once(p, queries);
    for (std::int64_t row = (p.rows - 1) / step * step; row >= 0; row -= step) {
      cut(p, row, std::min(step, p.rows - row), plan);
    }
  }
}

std::int64_t query_count(const Work& work) {
  return work.rows * group_of(*work.problem);
}
std::int64_t partial_floats(const Work& work) {
  return query_count(work) * (work.problem->shape.dim + 16);
}

/// Keys of a part, where rows that answer share them among the threads: the more, the more heads do so
/// already. It follows from the shape alone: in which parts a row's sums are made must not depend on threads
/// or other rows.
std::int64_t part_keys(const Problem& p) {
  return std::min<std::int64_t>(512 * p.shape.kv_heads, 2048);
}

/// Splits the keys of rows that answer into the parts that their columns lie in.
void split_keys(Plan& plan) {
  std::size_t floats = 0;
  for (Split& split : plan.splits) {
    const Columns columns = split.work.columns;
    if (!is_few(*split.work.problem) || columns.first == columns.last) continue;
    const std::int64_t keys = part_keys(*split.work.problem);
    split.parts = (columns.last - 1) / keys - columns.first / keys + 1;
    split.slot = floats;
    if (split.parts > 1) floats += static_cast<std::size_t>(split.parts * partial_floats(split.work));
  }
  if (plan.partials.size() < floats) plan.partials.resize(floats);
}

/// Where part `i` of a split puts its results: out [queries][dim], then lse [queries].
Work part_of(const Split& split, std::int64_t i, float* partials) {
  Work work = split.work;
  if (split.parts == 1) return work;
  const std::int64_t keys = part_keys(*work.problem);
  const std::int64_t part = split.work.columns.first / keys + i;
  work.columns.first = std::max(split.work.columns.first, part * keys);
  work.columns.last = std::min(split.work.columns.last, (part + 1) * keys);
  work.out = partials + split.slot + static_cast<std::size_t>(i * partial_floats(work));
  work.lse = work.out + query_count(work) * work.problem->shape.dim;
  work.out_stride = std::int64_t{group_of(*work.problem)} * work.problem->shape.dim;
  work.lse_stride = group_of(*work.problem);
  return work;
}

void run(const Work& work) {
  const Problem& p = *work.problem;
  if (is_few(p)) {
    attend_few(work);
  } else {
    attend_tiles(tile_kernel(p.type, p.isa), work);
  }
}

/// Merges one query's partial results from all parts of a split.
void merge_query(const Split& split, std::int64_t query, float* partials) {
  const Work& to = split.work;
  const RowKernels& kernels = row_kernels_of(to.problem->isa);
  const int dim = to.problem->shape.dim;
  const std::int64_t row = query / group_of(*to.problem);
  const std::int64_t head = query % group_of(*to.problem);
  float* out = to.out + row * to.out_stride + head * dim;
  float& lse = to.lse[row * to.lse_stride + head];
  float top = -std::numeric_limits<float>::infinity();
  for (std::int64_t i = 0; i < split.parts; ++i) top = std::max(top, part_of(split, i, partials).lse[query]);
  lse = top;
  std::fill_n(out, dim, 0.0F);
  if (!std::isfinite(top)) return;
  float total = 0;
  for (std::int64_t i = 0; i < split.parts; ++i)
    total += std::exp(part_of(split, i, partials).lse[query] - top);
  for (std::int64_t i = 0; i < split.parts; ++i) {
    const Work part = part_of(split, i, partials);
    kernels.blend(part.out + query * dim, std::exp(part.lse[query] - top) / total, 1, dim, out);
  }
  lse = top + std::log(total);
}

template <typename Body>
void for_each(std::int64_t count, bool parallel, Body&& body) {
  if (parallel) return parallel_for(count, body);
  for (std::int64_t i = 0; i < count; ++i) body(i);
}

}  // namespace

void partial(std::span<const Problem> problems) {
  for (const Problem& p : problems) {
    check(p);
    if (p.out == nullptr && p.use != Use::read) fail("attention: only rows that are read go without values");
  }
  for (const Problem& p : problems) {
    if (p.backend != nullptr) p.backend->partial(p);
  }
  Plan& plan = plan_of_this_thread();
  cut(problems, plan);
  split_keys(plan);
  float* partials = plan.partials.data();
  for (const Split& split : plan.splits) {
    for (std::int64_t i = 0; i < split.parts; ++i) plan.works.push_back(part_of(split, i, partials));
  }
  const bool parallel = plan.cost >= kMinParallelWork;
  for_each(static_cast<std::int64_t>(plan.works.size()), parallel,
           [&](std::int64_t i) { run(plan.works[static_cast<std::size_t>(i)]); });
  for (const Split& split : plan.splits) {
    if (split.parts == 1) continue;
    for_each(query_count(split.work), query_count(split.work) >= 256,
             [&](std::int64_t query) { merge_query(split, query, partials); });
  }
}

void collect_columns(const Problem& p, Collect collect, const float* lse, float* columns,
                     std::int64_t stride) {
  check(p);
  if (p.backend != nullptr) return p.backend->collect_columns(p, collect, lse, columns, stride);
  if (p.rows == 0) return;
  const TileKernel& kernel = tile_kernel(p.type, p.isa);
  Columns seen = columns_inside(p, seen_by_any(p, 0, p.rows - 1));
  seen.first -= seen.first % kTileKeys;
  const std::int64_t keys = seen.last - seen.first;
  const std::int64_t tiles = (keys + kTileKeys - 1) / kTileKeys;
  const std::int64_t wanted = std::int64_t{kWorksPerThread} * thread_count();
  // Each part packs all queries again: not worth it for fewer than kMinPartKeys keys.
  const std::int64_t parts = std::clamp<std::int64_t>(wanted / p.shape.kv_heads, 1, 1 + keys / kMinPartKeys);
  const bool parallel = keys * p.rows * p.shape.heads * p.shape.dim >= kMinParallelWork;
  for_each(p.shape.kv_heads * parts, parallel, [&](std::int64_t i) {
    const std::int64_t part = i % parts;
    const Work work{.problem = &p,
                    .kv_head = static_cast<int>(i / parts),
                    .row = 0,
                    .rows = p.rows,
                    .columns = {seen.first + tiles * part / parts * kTileKeys,
                                std::min(seen.last, seen.first + tiles * (part + 1) / parts * kTileKeys)}};
    attention::collect_columns(kernel, work, collect, lse, columns, stride);
  });
}

}  // namespace focusllm::attention

#include "data/sampler_options.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/error.h"

namespace focusllm::data {
namespace {

void check_range(const char* flag, Range range, std::int64_t least, std::int64_t most) {
  if (range.least >= least && range.least <= range.most && range.most <= most) return;
  throw UsageError(fmt::format("{} is {}-{}: give a number or a range within {} to {}, the smaller one first",
                               flag, range.least, range.most, least, most));
}

void check_share(const char* flag, double value) {
  if (value >= 0 && value <= 1) return;
  throw UsageError(fmt::format("{} is {}: give a share from 0 to 1", flag, value));
}

void check_shares(const SamplerOptions& options) {
  for (const double share : {options.retrieval, options.repetition, options.continuation})
    if (!(share >= 0 && share <= 1e6))
      throw UsageError("`retrieval`, `repetition` and `continuation` are weights of at least 0");
  if (!(options.retrieval + options.repetition + options.continuation > 0))
    throw UsageError(
        "`retrieval`, `repetition` and `continuation` are all 0: there would be nothing to learn");
  check_share("`chat`", options.chat);
  check_share("`absent`", options.absent);
  check_share("`repeated`", options.repeated);
  check_share("`unrelated`", options.unrelated);
  check_share("`cut`", options.cut);
  check_share("`gapless`", options.gapless);
  if (options.retrieval > 0 && !(options.facts > 0))
    throw UsageError("`facts` is 0: retrieval has nothing to ask for; give `retrieval` 0 as well");
}

void check_pool(const SamplerOptions& options) {
  if (options.run < 1 || options.run > options.pool)
    throw UsageError(fmt::format("`run` is {}: a run has at least 1 chunk and at most those of `pool` ({})",
                                 options.run, options.pool));
  if (options.chunks.most > options.pool / options.run * options.run)
    throw UsageError(fmt::format("`chunks` goes up to {}, but the pool has {} ({} runs of {}): raise `pool`",
                                 options.chunks.most, options.pool / options.run * options.run,
                                 options.pool / options.run, options.run));
  if (!(options.renewed >= 0 && options.renewed <= static_cast<double>(options.pool)))
    throw UsageError(
        fmt::format("`renewed` is {}: from 0 to the pool's {} chunks", options.renewed, options.pool));
}

void check_positions(const SamplerOptions& options, std::int64_t context) {
  if (options.positions < options.chunks.most)
    throw UsageError(fmt::format("`positions` is {}, less than the {} candidates of `chunks`",
                                 options.positions, options.chunks.most));
  const std::int64_t needed =
      options.positions + options.local.most + std::max(options.labels.most, kMostQuestionRows);
  if (needed > context)
    throw UsageError(fmt::format(
        "`positions` {} and `local` {} with questions and answers need {} positions, but the model "
        "was trained on {}: lower `positions` or `local`",
        options.positions, options.local.most, needed, context));
}

}  // namespace

void check(const SamplerOptions& options, std::int64_t context) {
  constexpr std::int64_t kMost = 1 << 20;
  check_shares(options);
  if (options.chunk_sizes.empty()) throw UsageError("`chunk_size` is empty: give one size or more");
  for (const std::int64_t size : options.chunk_sizes)
    check_range("`chunk_size`", {size, size}, kLeastChunk, context / 2);
  check_range("`overlap`", {options.overlap, options.overlap}, 0, context / 2);
  check_range("`chunks`", options.chunks, 1, kMost);
  check_range("`local`", options.local, 8, context);
  check_range("`labels`", options.labels, 1, context);
  if (options.tail != Range{}) check_range("`tail`", options.tail, 1, context / 2);
  check_range("`questions`", options.questions, 1, 64);
  check_range("`batch`", {options.batch, options.batch}, 1, kMost);
  if (!(options.facts >= 0 && options.facts <= 64)) throw UsageError("`facts` is a number from 0 to 64");
  check_pool(options);
  check_positions(options, context);
}

std::string describe(const SamplerOptions& o) {
  const auto text = [](Range range) { return fmt::format("{}-{}", range.least, range.most); };
  return fmt::format(
      "retrieval {} repetition {} continuation {} chunk sizes {} chunks {} local {} labels {} tail {} pool "
      "{} "
      "renewed {} run {} repeated {} overlap {} unrelated {} facts {} cut {} questions {} chat {} absent {} "
      "gapless {} "
      "positions {} "
      "batch "
      "{}",
      o.retrieval, o.repetition, o.continuation, fmt::join(o.chunk_sizes, ","), text(o.chunks), text(o.local),
      text(o.labels), text(o.tail), o.pool, o.renewed, o.run, o.repeated, o.overlap, o.unrelated, o.facts,
      o.cut, text(o.questions), o.chat, o.absent, o.gapless, o.positions, o.batch);
}

}  // namespace focusllm::data

#include "data/draw.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace focusllm::data {
namespace {

constexpr std::int64_t kPaperTail = 512;

/// Positions of n candidates and of local row 0 behind them: n + 1 numbers, strictly increasing.
std::vector<std::int64_t> draw_positions(const Draw& draw, std::int64_t n) {
  std::vector<std::int64_t> positions(static_cast<std::size_t>(n) + 1);
  std::iota(positions.begin(), positions.end(), 0);
  if (n == 0 || draw.random.chance(draw.options().gapless)) return positions;
  // As many as there are, or many more: both short and long memories are met.
  const std::int64_t span = draw.random.log_in({n, std::max(n, draw.options().positions - 1)});
  std::set<std::int64_t> chosen;
  while (std::ssize(chosen) <= n) chosen.insert(draw.random.below(span + 1));
  return {chosen.begin(), chosen.end()};
}

std::int64_t draw_tail(const Draw& draw, const train::Sample& sample) {
  const std::int64_t prompt = sample.split + 1;
  if (draw.options().tail != Range{}) return std::min(draw.random.log_in(draw.options().tail), prompt);
  std::int64_t chunk = 1;
  for (const auto& each : sample.chunks) chunk = std::max<std::int64_t>(chunk, std::ssize(each->tokens));
  return std::min({kPaperTail, chunk, prompt});
}

/// Leaves one label, in the last row.
void keep_one_label(train::Sample& sample, Random& random) {
  std::vector<std::size_t> labels;
  for (std::size_t row = 0; row < sample.weights.size(); ++row)
    if (sample.weights[row] > 0) labels.push_back(row);
  const std::size_t last = random.pick(labels);
  sample.split = static_cast<std::int64_t>(last);
  sample.local.resize(last + 1);
  sample.targets.resize(last + 1);
  sample.weights.assign(last + 1, 0);
  sample.weights.back() = 1;
}

}  // namespace

void Rows::add(const std::vector<Token>& more, bool label) {
  tokens.insert(tokens.end(), more.begin(), more.end());
  labelled.resize(tokens.size(), static_cast<char>(label));
}

Chunks draw_memory(const Draw& draw, std::int64_t count, std::int64_t without) {
  std::vector<std::int64_t> order;
  for (std::int64_t run = 0; run < std::ssize(draw.runs); ++run)
    if (run != without) order.push_back(run);
  draw.random.shuffle(std::span(order));
  Chunks memory;
  for (std::size_t i = 0; i < order.size() && std::ssize(memory) < count; ++i) {
    const Chunks& run = draw.runs[static_cast<std::size_t>(order[i])];
    const std::int64_t length = std::ssize(run), missing = count - std::ssize(memory);
    // Long enough that the runs still to come can give the rest.
    const std::int64_t others = std::ssize(order) - static_cast<std::int64_t>(i) - 1;
    const std::int64_t least = std::max<std::int64_t>(missing - length * others, 1);
    const std::int64_t size =
        std::min(std::max(draw.random.in({1, length}), least), std::min(length, missing));
    const std::int64_t begin = draw.random.below(length - size + 1);
    memory.insert(memory.end(), run.begin() + begin, run.begin() + begin + size);
  }
  return memory;
}

Drawn finish(const Draw& draw, train::Sample::Kind kind, Chunks memory, const Rows& rows,
             std::vector<Asked> asked) {
  Drawn drawn{{}, std::move(memory), std::move(asked)};
  train::Sample& sample = drawn.sample;
  sample.kind = kind;
  for (const auto& each : drawn.memory) sample.chunks.push_back(each->chunk);
  sample.positions = draw_positions(draw, std::ssize(sample.chunks));
  sample.local_position = sample.positions.back();
  sample.positions.pop_back();
  sample.local.assign(rows.tokens.begin(), rows.tokens.end() - 1);
  sample.targets.assign(rows.tokens.begin() + 1, rows.tokens.end());
  sample.weights.assign(rows.labelled.begin() + 1, rows.labelled.end());
  const auto first =
      std::find_if(sample.weights.begin(), sample.weights.end(), [](float w) { return w > 0; });
  sample.split = first - sample.weights.begin();
  if (!draw.options().dense) keep_one_label(sample, draw.random);
  std::erase_if(drawn.asked, [&](const Asked& each) { return each.first_label >= std::ssize(sample.local); });
  sample.tail = draw_tail(draw, sample);
  return drawn;
}

}  // namespace focusllm::data

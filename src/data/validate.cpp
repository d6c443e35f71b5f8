#include "data/validate.h"

#include <cmath>
#include <set>

#include "base/error.h"

namespace focusllm::data {
namespace {

using train::Sample;

void check_tokens(const std::vector<train::Token>& tokens, const char* what, std::int64_t vocabulary) {
  if (tokens.empty()) fail("a sample with {} of no tokens", what);
  for (const train::Token token : tokens)
    if (token < 0 || token >= vocabulary)
      fail("a sample with token {} in {}, of {} in the vocabulary", token, what, vocabulary);
}

void check_chunks(const Sample& sample, std::int64_t vocabulary) {
  std::set<std::uint64_t> ids;
  for (const auto& chunk : sample.chunks) {
    if (!chunk) fail("a sample with a chunk that is null");
    check_tokens(chunk->tokens, "a chunk", vocabulary);
    if (!ids.insert(chunk->id).second) fail("a sample with chunk {} twice", chunk->id);
  }
}

void check_positions(const Sample& sample, std::int64_t context) {
  if (sample.positions.size() != sample.chunks.size())
    fail("a sample with {} positions for {} chunks", sample.positions.size(), sample.chunks.size());
  std::int64_t last = -1;
  for (const std::int64_t position : sample.positions) {
    if (position <= last) fail("a sample with position {} behind {}", position, last);
    last = position;
  }
  if (sample.local_position <= last)
    fail("a sample with its local window at {}, the last candidate at {}", sample.local_position, last);
  const std::int64_t end = sample.local_position + std::ssize(sample.local);
  if (context > 0 && end > context)
    fail("a sample with {} positions for a model trained on {}", end, context);
}

void check_label(const Sample& sample, std::size_t row, std::int64_t vocabulary) {
  if (static_cast<std::int64_t>(row) < sample.split)
    fail("a sample with a label in row {}, before the split", row);
  const train::Token target = sample.targets[row];
  if (target < 0 || target >= vocabulary)
    fail("a sample with the label {}, of {} in the vocabulary", target, vocabulary);
  if (row + 1 < sample.local.size() && target != sample.local[row + 1])
    fail("a sample whose label in row {} is not the next row's token", row);
}

void check_labels(const Sample& sample, std::int64_t vocabulary) {
  if (sample.weights.size() != sample.local.size() || sample.targets.size() != sample.local.size())
    fail("a sample with {} weights and {} targets for {} rows", sample.weights.size(), sample.targets.size(),
         sample.local.size());
  double sum = 0;
  for (std::size_t row = 0; row < sample.weights.size(); ++row) {
    const float weight = sample.weights[row];
    if (!(weight >= 0) || !std::isfinite(weight)) fail("a sample with the weight {} in row {}", weight, row);
    if (weight > 0) check_label(sample, row, vocabulary);
    sum += static_cast<double>(weight);
  }
  if (!(sum > 0)) fail("a sample without a label");
}

}  // namespace

void validate(const Sample& sample, std::int64_t vocabulary, std::int64_t context) {
  check_chunks(sample, vocabulary);
  check_tokens(sample.local, "the local window", vocabulary);
  check_positions(sample, context);
  if (sample.split < 0 || sample.split >= std::ssize(sample.local))
    fail("a sample split at {} of {} rows", sample.split, sample.local.size());
  if (sample.tail < 1 || sample.tail > sample.split + 1)
    fail("a sample with a tail of {} tokens of a prompt of {}", sample.tail, sample.split + 1);
  check_labels(sample, vocabulary);
}

}  // namespace focusllm::data

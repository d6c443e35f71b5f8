#include "train/sample_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace focusllm::train {
namespace {

void check_tokens(const std::vector<Token>& tokens, std::int64_t vocabulary, const char* where) {
  for (const Token token : tokens) {
    if (token < 0 || token >= vocabulary) {
      fail("sample: token {} in its {} is outside of the vocabulary of {}", token, where, vocabulary);
    }
  }
}

void check_chunks(const Sample& sample, std::int64_t vocabulary) {
  if (sample.positions.size() != sample.chunks.size()) {
    fail("sample: {} chunks but {} positions of candidates", sample.chunks.size(), sample.positions.size());
  }
  std::int64_t next = 0;
  for (std::size_t i = 0; i < sample.chunks.size(); ++i) {
    if (sample.chunks[i] == nullptr || sample.chunks[i]->tokens.empty()) fail("sample: chunk {} is empty", i);
    check_tokens(sample.chunks[i]->tokens, vocabulary, "chunks");
    if (sample.positions[i] < next) {
      fail("sample: candidate {} at position {}: positions begin at 0 and increase", i, sample.positions[i]);
    }
    next = sample.positions[i] + 1;
  }
  if (sample.local_position < next) {
    fail("sample: the local window at position {} is not behind its candidates, which end at {}",
         sample.local_position, next);
  }
}

void check_local(const Sample& sample, std::int64_t vocabulary) {
  const auto size = static_cast<std::int64_t>(sample.local.size());
  if (size == 0) fail("sample: its local window is empty");
  if (sample.tail < 1)
    fail("sample: a tail of {} tokens; it holds the candidate's token at least", sample.tail);
  if (sample.split < 0 || sample.split >= size) {
    fail("sample: split at {} in a local window of {} tokens", sample.split, size);
  }
  if (sample.weights.size() != sample.local.size() || sample.targets.size() != sample.local.size()) {
    fail("sample: {} weights and {} targets for a local window of {} tokens", sample.weights.size(),
         sample.targets.size(), size);
  }
  check_tokens(sample.local, vocabulary, "local window");
  for (std::size_t row = 0; row < sample.local.size(); ++row) {
    const float weight = sample.weights[row];
    if (!(weight >= 0) || !std::isfinite(weight)) fail("sample: the weight of row {} is {}", row, weight);
    if (weight == 0) continue;
    if (static_cast<std::int64_t>(row) < sample.split) {
      fail("sample: row {} has a weight, but is before the split at {}", row, sample.split);
    }
    check_tokens({sample.targets[row]}, vocabulary, "targets");
  }
}

/// The last row with a weight, or -1.
std::int64_t last_label(const Sample& sample) {
  const auto found =
      std::find_if(sample.weights.rbegin(), sample.weights.rend(), [](float w) { return w > 0; });
  return static_cast<std::int64_t>(sample.weights.rend() - found) - 1;
}

/// BOS, unless the tokens begin with it, then tokens [first, last).
std::vector<Token> with_bos(const std::vector<Token>& tokens, std::int64_t first, std::int64_t last,
                            std::optional<Token> bos) {
  std::vector<Token> rows;
  if (bos && tokens[static_cast<std::size_t>(first)] != *bos) rows.push_back(*bos);
  rows.insert(rows.end(), tokens.begin() + first, tokens.begin() + last);
  return rows;
}

}  // namespace

double SampleRows::weight() const {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

SampleRows sample_rows(const Sample& sample, Supervision supervision, std::optional<Token> bos,
                       std::int64_t vocabulary) {
  check_chunks(sample, vocabulary);
  check_local(sample, vocabulary);
  SampleRows rows;
  const std::int64_t last = last_label(sample);
  if (last < 0) return rows;
  const std::int64_t split = supervision == Supervision::paper ? last : sample.split;
  rows.chunks = static_cast<std::int64_t>(sample.chunks.size());
  rows.positions = sample.positions;
  rows.steps = last - split + 1;
  rows.candidate_tokens.assign(sample.local.begin() + split, sample.local.begin() + last + 1);
  const std::int64_t tail_first = std::max<std::int64_t>(0, split - sample.tail + 1);
  rows.tail = with_bos(sample.local, tail_first, last, bos);
  rows.first_candidate = static_cast<std::int64_t>(rows.tail.size()) - (last - split);
  rows.local = with_bos(sample.local, 0, last + 1, bos);
  const std::int64_t in_front = static_cast<std::int64_t>(rows.local.size()) - (last + 1);
  rows.prompt = in_front + split + 1;
  rows.local_position = sample.local_position;
  for (std::int64_t row = split; row <= last; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (sample.weights[i] == 0) continue;
    rows.label_rows.push_back(in_front + row);
    rows.label_indices.push_back(row);
    rows.targets.push_back(sample.targets[i]);
    rows.weights.push_back(sample.weights[i]);
  }
  return rows;
}

}  // namespace focusllm::train

#include "problem_data.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/bf16.h"

namespace focusllm::attention {
namespace {

constexpr float kPoison = 1e30F;  // finite: NaN would be found even where a weight of 0 hides a mistake

std::size_t element_bytes(KvType type) {
  return type == KvType::f32 ? 4 : type == KvType::bf16 ? 2 : 1;
}

/// One token of one head; int8 by absmax, and a poisoned token through its scale.
void store_token(KvType type, const std::vector<float>& from, unsigned char* to, float& scale) {
  if (type == KvType::f32) std::memcpy(to, from.data(), from.size() * 4);
  if (type == KvType::bf16) {
    for (std::size_t d = 0; d < from.size(); ++d) {
      const Bf16 rounded = to_bf16(from[d]);
      std::memcpy(to + 2 * d, &rounded, 2);
    }
  }
  if (type == KvType::int8) {
    float most = 0;
    for (const float x : from) most = std::max(most, std::abs(x));
    scale = most / 127;
    for (std::size_t d = 0; d < from.size(); ++d) {
      to[d] = static_cast<unsigned char>(static_cast<std::int8_t>(std::lround(from[d] / scale)));
    }
  }
}

}  // namespace

ProblemData::ProblemData(HeadShape shape, KvType type, std::vector<std::int64_t> positions,
                         const std::vector<RunSpec>& runs, Visible visible, std::uint32_t seed)
    : shape_(shape), type_(type), random_(seed), positions_(std::move(positions)) {
  std::normal_distribution<float> normal(0, 1);  // so logits too: softmax is neither flat nor one-hot
  const auto rows = positions_.size();
  const auto heads = static_cast<std::size_t>(shape.heads);
  const auto dim = static_cast<std::size_t>(shape.dim);
  queries_.resize(rows * heads * dim);
  std::generate(queries_.begin(), queries_.end(), [&] { return normal(random_); });
  memory_.resize(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    memory_[i].keys = make_elements(runs[i], memory_[i].key_scales);
    memory_[i].values = make_elements(runs[i], memory_[i].value_scales);
    const bool scaled = type == KvType::int8;
    runs_.push_back({.keys = memory_[i].keys.data(),
                     .values = memory_[i].values.data(),
                     .key_scales = scaled ? memory_[i].key_scales.data() : nullptr,
                     .value_scales = scaled ? memory_[i].value_scales.data() : nullptr,
                     .capacity = runs[i].count + runs[i].padding,
                     .count = runs[i].count,
                     .position = runs[i].position});
  }
  out_.assign(rows * heads * dim, kPoison);
  lse_.assign(rows * heads, kPoison);
  problem_ = {.shape = shape,
              .type = type,
              .scale = 1 / std::sqrt(static_cast<float>(shape.dim)),
              .queries = queries_.data(),
              .positions = positions_.data(),
              .rows = static_cast<std::int64_t>(rows),
              .runs = runs_,
              .visible = visible,
              .out = out_.data(),
              .lse = lse_.data()};
}

std::vector<unsigned char> ProblemData::make_elements(const RunSpec& run, std::vector<float>& scales) {
  std::normal_distribution<float> normal(0, 1);
  const auto dim = static_cast<std::size_t>(shape_.dim);
  const std::int64_t capacity = run.count + run.padding;
  const auto tokens = static_cast<std::size_t>(shape_.kv_heads * capacity);
  std::vector<unsigned char> elements(tokens * dim * element_bytes(type_));
  scales.assign(tokens, 0);
  std::vector<float> row(dim);
  for (std::size_t t = 0; t < tokens; ++t) {
    const bool used = static_cast<std::int64_t>(t) % capacity < run.count;
    std::generate(row.begin(), row.end(), [&] { return used ? normal(random_) : kPoison; });
    store_token(type_, row, elements.data() + t * dim * element_bytes(type_), scales[t]);
  }
  return elements;
}

std::int64_t ProblemData::keys() const {
  std::int64_t keys = 0;
  for (const KvRun& run : runs_) keys += run.count;
  return keys;
}

std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t rows) {
  std::vector<std::int64_t> positions;
  for (std::int64_t r = 0; r < rows; ++r) positions.push_back(first + r);
  return positions;
}

}  // namespace focusllm::attention

#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace focusllm::model {
namespace {

/// YaRN (arXiv 2309.00071): the pair whose wave fits `rotations` times into the original context.
double yarn_pair(double rotations, int dim, double base, double context) {
  return dim * std::log(context / (rotations * 2 * std::numbers::pi)) / (2 * std::log(base));
}

/// Share of the unscaled frequency that pair i keeps: 1 for fast pairs, 0 for slow ones, a ramp between.
double yarn_keep(int i, int dim, double base, const RopeScaling& s) {
  const double low = std::max(0.0, std::floor(yarn_pair(s.beta_fast, dim, base, s.original_context)));
  const double high = std::min(dim - 1.0, std::ceil(yarn_pair(s.beta_slow, dim, base, s.original_context)));
  return 1 - std::clamp((i - low) / std::max(0.001, high - low), 0.0, 1.0);
}

/// Llama 3.1's rule: waves longer than the original context are slowed by `factor`, short ones kept, a ramp
/// between.
double llama3_frequency(double frequency, const RopeScaling& s) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength < s.original_context / s.high_frequency) return frequency;
  if (wavelength > s.original_context / s.low_frequency) return frequency / s.factor;
  const double smooth =
      (s.original_context / wavelength - s.low_frequency) / (s.high_frequency - s.low_frequency);
  return (1 - smooth) * frequency / s.factor + smooth * frequency;
}

double scaled(double frequency, int i, int dim, double base, const RopeScaling& s) {
  switch (s.kind) {
    case RopeScaling::Kind::none:
      return frequency;
    case RopeScaling::Kind::linear:
      return frequency / s.factor;
    case RopeScaling::Kind::llama3:
      return llama3_frequency(frequency, s);
    case RopeScaling::Kind::yarn: {
      const double keep = yarn_keep(i, dim, base, s);
      return frequency * keep + frequency / s.factor * (1 - keep);
    }
  }
  return frequency;
}

}  // namespace

Rope::Rope(int dim, double base, const RopeScaling& scaling, bool paired) : dim_(dim), paired_(paired) {
  for (int i = 0; i < dim / 2; ++i) {
    double frequency = std::pow(base, -2.0 * i / dim);
    if (!scaling.frequency_divisors.empty())
      frequency /= scaling.frequency_divisors[static_cast<std::size_t>(i)];
    frequencies_.push_back(scaled(frequency, i, dim, base, scaling));
  }
  if (scaling.kind == RopeScaling::Kind::yarn) {
    magnitude_ = scaling.attention_factor * (0.1 * std::log(scaling.factor) + 1);
  }
}

RopeTable Rope::table(std::span<const std::int64_t> positions) const {
  RopeTable table;
  table.cos.reserve(positions.size() * frequencies_.size());
  table.sin.reserve(positions.size() * frequencies_.size());
  for (const std::int64_t position : positions) {
    for (const double frequency : frequencies_) {
      const double angle = static_cast<double>(position) * frequency;
      table.cos.push_back(static_cast<float>(std::cos(angle) * magnitude_));
      table.sin.push_back(static_cast<float>(std::sin(angle) * magnitude_));
    }
  }
  return table;
}

void Rope::rotate(const float* x, int heads, int head_dim, const RopeTable& table, std::int64_t row,
                  float* out) const {
  const int half = dim_ / 2;
  const float* cos = table.cos.data() + row * half;
  const float* sin = table.sin.data() + row * half;
  for (int head = 0; head < heads; ++head, x += head_dim, out += head_dim) {
    if (paired_) {
      for (int i = 0; i < half; ++i) {
        const float a = x[2 * i];
        const float b = x[2 * i + 1];
        out[2 * i] = a * cos[i] - b * sin[i];
        out[2 * i + 1] = a * sin[i] + b * cos[i];
      }
    } else {
      for (int i = 0; i < half; ++i) {
        const float a = x[i];
        const float b = x[i + half];
        out[i] = a * cos[i] - b * sin[i];
        out[i + half] = a * sin[i] + b * cos[i];
      }
    }
    if (out != x) std::copy(x + dim_, x + head_dim, out + dim_);
  }
}

}  // namespace focusllm::model

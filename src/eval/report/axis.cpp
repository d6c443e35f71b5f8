#include "eval/report/axis.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace focusllm::eval::report {
namespace {

constexpr int kTicks = 5;
constexpr int kMostTicks = 100;
constexpr double kLargest = 1e100;  // what is beyond it would make the axis's length infinite
constexpr double kLongest = 1e18;   // tokens

bool fits(Scale scale, double value) {
  if (!(std::abs(value) <= (scale == Scale::lengths ? kLongest : kLargest))) return false;
  return scale == Scale::linear || value > 0 || (scale == Scale::lengths && value == 0);
}

/// 1, 2 or 5 times a power of ten: about kTicks of them in the span.
double tick_step(double span) {
  const double rough = span / kTicks;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (rough <= factor * power) return factor * power;
  return 10 * power;
}

std::vector<double> linear_ticks(double least, double most) {
  const double step = tick_step(most - least);
  std::vector<double> values;
  for (int i = 0; i < kMostTicks; ++i) {
    const double value = (std::ceil(least / step) + i) * step;
    if (!(value <= most + step / 1e6)) break;
    values.push_back(std::abs(value) < step / 1e6 ? 0 : value);
  }
  return values;
}

/// Powers of ten, and 2 and 5 times them where there are few. Exponents of ten.
std::vector<double> logarithmic_ticks(double least, double most) {
  const bool few = most - least < 2.5;
  std::vector<double> values;
  for (double power = std::floor(least); power <= most && std::ssize(values) < kMostTicks; ++power) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double exponent = power + std::log10(factor);
      if ((few || factor == 1.0) && exponent >= least - 1e-9 && exponent <= most + 1e-9)
        values.push_back(std::pow(10.0, exponent));
    }
  }
  return values;
}

}  // namespace

Axis::Axis(Scale scale, const std::vector<double>& values, double from, double to)
    : scale_(scale), from_(from), to_(to) {
  for (const double value : values)
    if (fits(scale, value)) values_.push_back(value);
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  const auto positive = std::upper_bound(values_.begin(), values_.end(), 0.0);
  zero_ = positive == values_.end() ? 1 : *positive / 2;
  if (values_.empty()) return;
  least_ = scaled(values_.front());
  most_ = scaled(values_.back());
  if (most_ > least_) return;
  const double room = scale == Scale::linear ? std::max(std::abs(most_) * 0.1, 1e-9) : 0.5;
  least_ -= room;
  most_ += room;
}

void Axis::widen(double share) {
  const double room = share * (most_ - least_);
  const bool keep_zero = scale_ == Scale::linear && least_ >= 0 && least_ - room < 0;
  least_ = keep_zero ? 0 : least_ - room;
  most_ += room;
}

void Axis::pin(double least, double most) {
  least_ = least;
  most_ = most;
}

double Axis::scaled(double value) const {
  switch (scale_) {
    case Scale::linear:
      return value;
    case Scale::logarithmic:
      return std::log10(value);
    case Scale::lengths:
      return std::log2(value > 0 ? value : zero_);
  }
  return value;
}

double Axis::place(double scaled) const {
  return from_ + (scaled - least_) / (most_ - least_) * (to_ - from_);
}

bool Axis::shows(double value) const {
  return fits(scale_, value) && scaled(value) >= least_ && scaled(value) <= most_;
}

double Axis::at(double value) const {
  return place(scaled(value));
}

double Axis::clamped(double value) const {
  if (shows(value)) return at(value);
  return scaled(value) > most_ ? to_ : from_;
}

std::vector<double> Axis::tick_values() const {
  switch (scale_) {
    case Scale::linear:
      return linear_ticks(least_, most_);
    case Scale::logarithmic:
      return logarithmic_ticks(least_, most_);
    case Scale::lengths:
      return values_;
  }
  return {};
}

std::string Axis::label(double value) const {
  if (scale_ == Scale::lengths) return format_length(static_cast<std::int64_t>(value));
  return fmt::format("{:.6g}", value);
}

std::vector<Axis::Tick> Axis::ticks(double room, double character) const {
  std::vector<Tick> ticks;
  const std::vector<double> values = tick_values();
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    Tick tick{at(*value), label(*value)};
    if (!ticks.empty()) {
      const auto characters = static_cast<double>(tick.label.size() + ticks.back().label.size());
      if (std::abs(tick.position - ticks.back().position) < room + character * characters / 2) continue;
    }
    ticks.push_back(std::move(tick));
  }
  std::reverse(ticks.begin(), ticks.end());
  return ticks;
}

std::string format_length(std::int64_t tokens) {
  constexpr std::int64_t kKilo = 1024, kMega = kKilo * kKilo;
  if (tokens >= kMega && tokens % kMega == 0) return fmt::format("{}M", tokens / kMega);
  if (tokens >= kKilo && tokens % kKilo == 0) return fmt::format("{}K", tokens / kKilo);
  return std::to_string(tokens);
}

}  // namespace focusllm::eval::report

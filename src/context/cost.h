#pragma once

#include <cstdint>
#include <limits>

#include "model/spec.h"

namespace focusllm::context {

/// What reading a text is, in a layer.
struct Reading {
  double rows = 0;   ///< that go through it
  double pairs = 0;  ///< of a query and a key that it sees
};

/// What a token of an answer is, in a layer, beside its own row.
struct Answering {
  double keys = 0;   ///< seen, with their values
  double bytes = 0;  ///< of what else is read to choose them
  double rows = 0;   ///< further ones
};

inline constexpr std::int64_t kAllKeys = std::numeric_limits<std::int64_t>::max() / 2;

/// Sum over positions 0 .. tokens - 1 of the keys that a causal query sees when it sees at most `most`.
double causal_pairs(std::int64_t tokens, std::int64_t most);
/// `most` keys, or a sliding-window layer's window where that is less.
std::int64_t most_keys(const model::Spec& spec, int layer, std::int64_t most);

/// Of a method whose tokens go through the layers once and see `most` keys at most.
Reading causal_reading(const model::Spec& spec, int layer, std::int64_t tokens, std::int64_t most);
Answering causal_answering(const model::Spec& spec, int layer, std::int64_t depth, std::int64_t most);

}  // namespace focusllm::context

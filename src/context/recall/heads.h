#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/spec.h"

namespace focusllm::context {

/// A query head of a layer, both counted from 0, and what its scores count beside those of the others:
/// (weight * score)^power. A power makes much of a score that is sure and little of noise, so that a head may
/// be silent where it does not know.
struct QueryHead {
  int layer = 0;
  int head = 0;
  float weight = 1;
  int power = 1;
  float weighed(float score) const {
    const float one = weight * score;
    return power == 1 ? one : power == 2 ? one * one : one * one * one;
  }
  bool operator==(const QueryHead&) const = default;
};

/// "2.4,15.6*0.3^2": layer and head of each, and its weight and its power (1 to 3) unless they are 1. Throws
/// UsageError for other words.
std::vector<QueryHead> parse_heads(std::string_view text);
std::string format_heads(std::span<const QueryHead> heads);
/// Throws UsageError for a head that the model has not, or whose layer slides: it has forgotten the text.
void check_heads(std::span<const QueryHead> heads, const model::Spec& spec);
/// Layers that have to be gone through for the keys and queries of these heads.
int layers_of(std::span<const QueryHead> heads);
/// All heads of all layers that see everything.
std::vector<QueryHead> all_heads(const model::Spec& spec);

/// A key head, and those of some query heads that read it.
struct KeyHead {
  int layer = 0;
  int kv_head = 0;
  std::vector<int> heads;       ///< query heads of the layer, ascending
  std::vector<std::size_t> of;  ///< the place of each among the query heads
};
/// The key heads that some query heads read, each once, by layer.
std::vector<KeyHead> key_heads(std::span<const QueryHead> heads, const attention::HeadShape& shape);

}  // namespace focusllm::context

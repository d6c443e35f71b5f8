#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/spec.h"

namespace focusllm::context {

/// A query head of a layer, both counted from 0, and its share in its group.
struct QueryHead {
  int layer = 0;
  int head = 0;
  float share = 1;
  bool operator==(const QueryHead&) const = default;
};

/// Heads that look for the same kind of thing: together they are surer than each of them. What they say
/// counts (weight * score)^power beside the other groups. A power makes much of a score that is sure and
/// little of noise, so that a group may be silent where it does not know.
struct HeadGroup {
  std::vector<QueryHead> heads;
  float weight = 1;
  int power = 1;
  float weighed(float score) const {
    const float one = weight * score;
    return power == 1 ? one : power == 2 ? one * one : one * one * one;
  }
  bool operator==(const HeadGroup&) const = default;
};

/// "2.4,15.6+15.7:0.5*0.3^2": groups by commas, heads of a group by +. Of a head its layer and number, and
/// its share unless that is 1; of a group its weight and its power (1 to 3) unless they are 1. Throws
/// UsageError for other words.
std::vector<HeadGroup> parse_heads(std::string_view text);
std::string format_heads(std::span<const HeadGroup> groups);
/// The heads of all groups, one after the other.
std::vector<QueryHead> heads_of(std::span<const HeadGroup> groups);
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

#pragma once

#include <optional>

#include "model/metadata.h"
#include "model/spec.h"

namespace focusllm::model {

/// What an architecture's papers, configurations and model cards say, for all of its models alike, of numbers
/// that files may leave out. Nothing: such a number must be in the file.
struct Published {
  std::optional<double> epsilon, rope_base;
  bool turns_whole_heads = false;  ///< the rotary embedding, without rope.dimension_count
  std::optional<double> low_frequency, high_frequency;  ///< of llama3 scaling
  std::optional<double> beta_fast, beta_slow;           ///< of yarn
};

/// What all architectures say by the same keys. One rotary embedding, and layers that are all alike: the
/// architecture changes what is not so. Throws Error for what none of them has (experts, softcapping, ...).
Spec common_spec(const Metadata& metadata, const Published& published);

/// Divisors of the rotary embedding's frequencies [rope_dim / 2] from the tensor rope_freqs.weight; empty
/// without it.
std::vector<float> frequency_divisors(const gguf::File& file, int rope_dim);

}  // namespace focusllm::model

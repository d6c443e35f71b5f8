#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model.h"

namespace focusllm::model {

/// Natural, of one token, by the logits of the token before it. Throws Error where those are not finite.
float log_probability(const Model& model, std::span<const float> logits, std::int32_t token);
/// Of tokens [rows], each behind its row of hidden states [rows, width]. Few rows of logits are held at once.
std::vector<float> log_probabilities(const Model& model, std::span<const float> hidden,
                                     std::span<const std::int32_t> tokens);

}  // namespace focusllm::model

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/calibration/search.h"

namespace focusllm::calibration {

/// What the questions about one of the texts said of all heads, kept in the cache folder until the whole is
/// measured, so that a calibration that was interrupted goes on with the next text. Where it cannot be
/// written, the text is read again.
void keep_measured(const std::string& weights_hash, std::size_t text, std::span<const Case> cases);
/// Nothing where there is no such file, or it is of no use: of another version, or number of heads.
std::optional<std::vector<Case>> measured(const std::string& weights_hash, std::size_t text,
                                          std::size_t heads);
void forget_measured(const std::string& weights_hash);

}  // namespace focusllm::calibration

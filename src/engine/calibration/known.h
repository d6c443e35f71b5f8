#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "focusllm/calibration.h"

namespace focusllm::calibration {

/// Of the texts and of the choice: what was measured with another one is measured again.
inline constexpr int kVersion = 5;

/// Of the models that scripts/fetch-model brings; nothing for others.
std::optional<Calibration> shipped(const std::string& weights_hash);
/// Of a file that keep() wrote; nothing where there is none or it is of no use.
std::optional<Calibration> kept(const std::string& weights_hash);
/// Where it cannot be written it is measured again next time.
void keep(const std::string& weights_hash, const Calibration& calibration);

/// A file of the cache folder about a model; empty where there is no such folder.
std::filesystem::path entry_of(const std::string& weights_hash, std::string_view ending = "");

}  // namespace focusllm::calibration

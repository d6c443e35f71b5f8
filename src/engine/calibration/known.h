#pragma once

#include <optional>
#include <string>

#include "focusllm/calibration.h"

namespace focusllm::calibration {

/// Of the models that scripts/fetch-model brings; nothing for others.
std::optional<Calibration> shipped(const std::string& weights_hash);
/// Of a file that keep() wrote; nothing where there is none or it is of no use.
std::optional<Calibration> kept(const std::string& weights_hash);
/// Where it cannot be written it is measured again next time.
void keep(const std::string& weights_hash, const Calibration& calibration);

}  // namespace focusllm::calibration

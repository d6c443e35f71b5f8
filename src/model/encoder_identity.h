#pragma once

#include "memory/segment_key.h"
#include "model/model.h"

namespace focusllm::model {

/// Raised with every change after which the same model makes other keys and values of the same text, or lays
/// them out in another way (memory::KvLayout): what was encoded before is not found again then.
inline constexpr int kEncoderVersion = 1;

/// Of what a model makes of texts, with keys and values kept as `type`.
memory::EncoderIdentity encoder_identity(const Model& model, memory::KvType type);

}  // namespace focusllm::model

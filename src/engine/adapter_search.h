#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "focusllm/gguf.h"
#include "model/spec.h"

namespace focusllm {

/// An adapter for the base model, by the hash of its weights, from the folders where adapters are kept: those
/// that FOCUSLLM_ADAPTERS names (with colons between them), `adapters` beside the model, and `adapters` of
/// the installation or source folder that the program runs from. Null if there is none. Files there that are
/// broken, or no adapters for a model of this specification, are passed over. `base_hash` becomes the model's
/// hash if there was an adapter to compare with: that may read the whole model (known_weights_hash).
std::shared_ptr<const gguf::File> find_adapter(const gguf::File& base, const model::Spec& spec,
                                               std::string& base_hash);

}  // namespace focusllm

#pragma once

#include <string>

#include "gguf/file.h"

namespace focusllm::model {

/// What an adapter names its base model by (docs/adapters.md): 32 hexadecimal digits.
std::string weights_hash(const gguf::File& file);

}  // namespace focusllm::model

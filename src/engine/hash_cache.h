#pragma once

#include <string>

#include "focusllm/gguf.h"

namespace focusllm {

/// model::weights_hash of a file, which reads all of it; or what that was for the same file before
/// (docs/adapters.md). Kept in the folder focusllm/weights of XDG_CACHE_HOME, else of .cache in HOME. Where
/// there is none, or it cannot be read or written, the hash is computed each time. Any number of threads and
/// processes may ask at once.
std::string known_weights_hash(const gguf::File& file);

}  // namespace focusllm

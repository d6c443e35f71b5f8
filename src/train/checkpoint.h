#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

namespace focusllm::train {

/// What a run is recognised by: the model and every option that changes what a step does, as name and value.
using Fingerprint = std::vector<std::pair<std::string, std::string>>;

/// A run between two steps.
struct Checkpoint {
  std::int64_t steps = 0;
  torch::Tensor values, first, second;  ///< [count] f32 on the CPU: the parameters and AdamW's moments
};

/// Puts the file in place whole, flushed to the disk, or throws Error and leaves what was there.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const Fingerprint& fingerprint);
/// Throws Error if the file is no checkpoint, is broken, does not hold `count` parameters, or was made by a
/// run with another fingerprint (naming the first difference).
Checkpoint read_checkpoint(const std::filesystem::path& path, std::int64_t count,
                           const Fingerprint& fingerprint);

}  // namespace focusllm::train

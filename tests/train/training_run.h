#pragma once

#include <filesystem>

#include "train/tiny_training.h"
#include "train/trainer.h"

namespace focusllm::test {

/// A folder that goes away with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A tiny model as a file in the folder.
std::filesystem::path write_model(const TemporaryFolder& folder, unsigned seed = 1);
train::TrainerOptions tiny_options();
/// Samples that ask for a token which only a chunk holds: the token behind a repeated pair.
std::vector<train::Sample> retrieval_samples(int count, unsigned seed);
std::string contents(const std::filesystem::path& path);

}  // namespace focusllm::test

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/corpus.h"
#include "data/sampler_options.h"
#include "train/trainer.h"

namespace CLI {
class App;
}

namespace focusllm::cli {

/// Everything that `focusllm train` can be told; each value has a flag, and the same name in a file of
/// --config.
struct TrainOptions {
  std::string model;
  std::vector<std::filesystem::path> data;
  std::filesystem::path output;
  std::string init;  ///< an adapter to begin with; empty: none
  data::CorpusOptions corpus;
  data::SamplerOptions sampler;
  train::TrainerOptions trainer;
  std::int64_t threads = 0;
  std::int64_t ranks = 1;

  std::int64_t validation_every = 100, validation_samples = 12;
  std::int64_t checkpoint_every = 50;
  std::string checkpoint, metrics,
      html;  ///< empty: beside the output; "none": not at all (not for the checkpoint)
  bool resume = false, fresh = false;
  std::int64_t show = 0;
  double report_seconds = 30;

  /// Adds all flags, in groups.
  void add_to(CLI::App& app);
  /// Throws UsageError for what is missing or contradicts itself. Needs no file.
  void check() const;

  std::filesystem::path checkpoint_path() const;
  std::filesystem::path metrics_path() const;  ///< empty: none
  std::filesystem::path html_path() const;     ///< empty: none
};

}  // namespace focusllm::cli

#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "data/sampler.h"
#include "focusllm/cancel.h"
#include "train/group.h"
#include "train/trainer.h"
#include "trainer/metadata.h"
#include "trainer/metrics.h"
#include "trainer/progress.h"
#include "trainer/train_options.h"

namespace focusllm::cli {

/// One run, from the first step or a checkpoint to the last step: what `focusllm train` does once everything
/// is loaded. Each rank has one; rank 0 writes all files and says how it goes.
class Training {
 public:
  /// `stop` is raised by a signal; `corpus` and `options` outlive this. Resumes if there is a checkpoint.
  Training(const TrainOptions& options, const data::Corpus& corpus,
           const std::shared_ptr<const Tokenizer>& tokenizer, std::shared_ptr<train::Group> group,
           CancelToken& stop);

  /// Throws Cancelled once all is saved after a signal, Error for a full disk: the last checkpoint stays as
  /// it was.
  void run();

 private:
  void resume();
  void check_same_start() const;
  bool all_steps();
  bool step();
  train::Losses measure(std::span<const train::Sample> samples);
  train::Losses measure_alone();
  /// also_alone: beside what the local window predicts without a memory.
  void validate(bool also_alone = false);
  void save();
  void finish();
  void stop();
  bool stop_wanted();
  std::vector<train::Sample> mine(std::vector<train::Sample> samples) const;
  bool chief() const { return !group_ || group_->rank() == 0; }
  double seconds() const;
  Pairs facts() const;

  const TrainOptions& options_;
  const data::Corpus& corpus_;
  std::shared_ptr<train::Group> group_;
  CancelToken& stop_;
  /// What interrupts the trainer within a step: the signal itself in one process; with more of them all have
  /// to stop after the same step, so nothing.
  CancelToken never_;
  data::Sampler sampler_;
  std::vector<train::Sample> validation_;  ///< this rank's share
  train::Trainer trainer_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<TrainProgress> progress_;
  std::int64_t saved_ = -1;  ///< the step of the last checkpoint
  bool stepped_ = false;
  double seconds_before_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace focusllm::cli

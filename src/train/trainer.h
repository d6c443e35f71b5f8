#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "focusllm/cancel.h"
#include "train/sample.h"

namespace focusllm::train {

/// How candidates are supervised (methods.md section 1): `paper` has one label for each sequence, predicted
/// by the last row while all rows see its candidates; `dense` lets each row after the split see the
/// candidates of its own step, so that each is a label. Dense is what incremental inference computes.
enum class Supervision { dense, paper };

struct TrainerOptions {
  int rank = 32;      ///< of the low-rank adapters; 0: full copies of q, k, v, o
  double alpha = 32;  ///< low-rank: W + (alpha / rank) B A
  Supervision supervision = Supervision::dense;
  bool bf16 = false;           ///< products of rows with gradients in bf16 instead of f32
  std::string device = "cpu";  ///< cpu, cuda, cuda:1
  double learning_rate = 1e-3;
  double final_learning_rate = 1e-4;  ///< where the cosine ends
  std::int64_t warmup_steps = 20;
  std::int64_t steps = 1000;  ///< that the schedule is made for
  double weight_decay = 0;
  double beta1 = 0.9, beta2 = 0.999;
  double clip = 1;         ///< of the gradient's norm; 0: none
  std::uint64_t seed = 1;  ///< of the adapters' first values
  std::string samples;     ///< what samples are drawn by: a checkpoint goes on with the same only
};

/// The mean loss (natural logarithm, per label) of one kind of samples.
struct KindLoss {
  double sum = 0;
  double labels = 0;  ///< the weights' sum
  double mean() const { return labels > 0 ? sum / labels : 0; }
};
using Losses = std::map<Sample::Kind, KindLoss>;

struct StepResult {
  Losses losses;  ///< of all ranks together
  double gradient_norm = 0;
  double learning_rate = 0;
};

/// One of some processes that train together. Const after joining.
class Group;

/// Trains the candidate projections of a model; everything else is frozen. Not thread-safe.
class Trainer {
 public:
  /// `group` may be null: one process. Throws Error for a model or device that is not supported.
  Trainer(const std::filesystem::path& model, const TrainerOptions& options, std::shared_ptr<Group> group,
          const CancelToken& cancel);
  ~Trainer();

  /// One optimiser step on the mean loss over the labels of all samples of all ranks. Throws Error naming the
  /// step if a loss or gradient is not finite, or the model's file changed, and leaves the weights as they
  /// were.
  StepResult step(std::span<const Sample> samples);
  /// The losses of all ranks' samples, without training.
  Losses evaluate(std::span<const Sample> samples);
  std::int64_t steps_done() const;

  /// Begins with the weights of an adapter for the same model instead of none; before the first step. Throws
  /// Error if it is another model's, or not of the rank and scale that are trained.
  void begin_from(const std::filesystem::path& adapter);

  /// Weights, the optimiser's state and the step: training goes on as if it had not stopped. Whole or not at
  /// all.
  void save(const std::filesystem::path& checkpoint) const;
  /// Throws Error if the file is broken, or was made for another model or other options.
  void resume(const std::filesystem::path& checkpoint);
  /// The adapter (docs/adapters.md), with further metadata; whole or not at all.
  void write_adapter(const std::filesystem::path& path,
                     const std::vector<std::pair<std::string, std::string>>& metadata) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace focusllm::train

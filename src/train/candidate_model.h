#pragma once

#include <memory>

#include <torch/types.h>

#include "focusllm/cancel.h"
#include "train/adapter_parameters.h"
#include "train/attention.h"
#include "train/chunk_cache.h"
#include "train/sample_rows.h"

namespace focusllm::train {

/// What a sample's label rows predict, and what the graph behind it reads: keep it until backward is done.
struct Prediction {
  SampleRows rows;
  std::shared_ptr<const CandidateMemory> memory;
  torch::Tensor logits;  ///< [label rows, vocabulary]; undefined without labels

  /// log p(target) of each label row: [label rows].
  torch::Tensor log_probabilities() const;
  /// Sum of weights times -log p(target), a scalar.
  torch::Tensor loss_sum() const;
};

/// FocusLLM's training forward (methods.md section 1) of one sample: ordinary rows of chunks and tails
/// without gradients, then candidates and local rows through the layers in lockstep. Not thread-safe.
class CandidateModel {
 public:
  /// Throws Error for a model that is not supported. The token outlives it; raising it throws Cancelled.
  CandidateModel(std::shared_ptr<const gguf::File> file, const Backend& backend, const AdapterShape& shape,
                 const CancelToken& cancel);

  const FrozenModel& model() const { return model_; }
  AdapterParameters& parameters() { return parameters_; }
  const AdapterParameters& parameters() const { return parameters_; }
  /// Differentiable in the parameters, unless gradients are off. Lives no longer than this.
  Prediction predict(const Sample& sample, Supervision supervision);

 private:
  struct Streams;
  std::shared_ptr<const CandidateMemory> remember(const Sample& sample, const SampleRows& rows);
  void candidate_layer(int index, Streams& streams) const;
  void local_layer(int index, Streams& streams) const;
  torch::Tensor local_logits(const SampleRows& rows, const CandidateMemory& memory) const;

  FrozenModel model_;
  AdapterParameters parameters_;
  std::unique_ptr<OrdinaryRows> ordinary_;
  ChunkCache cache_;
  const CancelToken& cancel_;
};

}  // namespace focusllm::train

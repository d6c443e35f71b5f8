#pragma once

#include <map>
#include <optional>
#include <string>

#include "support/torch_decoder.h"
#include "train/sample.h"
#include "train/trainer.h"

namespace focusllm::test {

/// FocusLLM's training forward (methods.md section 1) transcribed in plain torch and double, one row at a
/// time: slow and obvious. Shares only the file reader and the metadata with the trainer.
class CandidateReference {
 public:
  /// candidate: weights by name that candidates have in place of the model's own, [outputs, inputs].
  CandidateReference(const gguf::File& file, std::map<std::string, torch::Tensor> candidate,
                     std::optional<std::int32_t> bos);

  /// log p(target) of every row with a weight, in order.
  torch::Tensor log_probabilities(const train::Sample& sample, train::Supervision supervision) const;

 private:
  struct Row {
    std::int32_t token = 0;
    std::int64_t position = 0;
    bool candidate = false;
    torch::Tensor x;        ///< [width]
    torch::Tensor q, k, v;  ///< [heads, dim]; k before the rotary embedding
  };
  /// Rows that see each other, and a row's keys where they stand for it.
  struct Key {
    const Row* row;
    std::int64_t position;
  };

  Row start(std::int32_t token, std::int64_t position, bool candidate) const;
  torch::Tensor weight(const Row& row, const std::string& name) const;
  torch::Tensor norm(torch::Tensor x, const std::string& name) const;
  void project(int layer, Row& row) const;
  void finish(int layer, Row& row, const std::vector<Key>& keys) const;

  TorchDecoder decoder_;
  std::map<std::string, torch::Tensor> weights_, candidate_;
  std::optional<std::int32_t> bos_;
};

}  // namespace focusllm::test

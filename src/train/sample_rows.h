#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "train/sample.h"
#include "train/trainer.h"

namespace focusllm::train {

/// Which rows a sample consists of, and where they stand. There are `steps` sets of candidates, one for each
/// local row from `split` to the last labelled one; row j of a set's numbering is local[split + j].
struct SampleRows {
  std::int64_t chunks = 0;
  std::int64_t steps = 0;
  /// Tokens of each candidate: local[split + j]; the same for every chunk. [steps]
  std::vector<Token> candidate_tokens;
  /// Ordinary rows behind each chunk, BOS included; candidate j sees the first `first_candidate + j` of them
  /// and stands right behind them.
  std::vector<Token> tail;
  std::int64_t first_candidate = 0;
  /// The local window, BOS included. The first `prompt` rows see set 0; row prompt + j - 1 sees set j.
  std::vector<Token> local;
  std::int64_t prompt = 0;
  std::int64_t local_position = 0;          ///< of local[0], BOS or not
  std::vector<std::int64_t> positions;      ///< [chunks] of the candidates in front of the local window
  std::vector<std::int64_t> label_rows;     ///< indices in `local`, ascending
  std::vector<Token> targets;               ///< [label_rows]
  std::vector<float> weights;               ///< [label_rows], > 0
  std::vector<std::int64_t> label_indices;  ///< [label_rows] in Sample::local
  double weight() const;                    ///< sum of weights
};

/// Throws Error, saying what is wrong with the sample, if it contradicts itself or the vocabulary. A sample
/// without any label has no rows at all. bos: the token that the model puts in front of a text, if it does.
SampleRows sample_rows(const Sample& sample, Supervision supervision, std::optional<Token> bos,
                       std::int64_t vocabulary);

}  // namespace focusllm::train

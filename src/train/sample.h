#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace focusllm::train {

using Token = std::int32_t;

/// A chunk of text that many samples share: what the model's own weights make of it is encoded once and used
/// for as long as the chunk lives.
struct Chunk {
  std::uint64_t id = 0;  ///< never used again for another text
  std::vector<Token> tokens;
};

/// One training sequence (methods.md section 1): a memory of chunks, and the local window behind it.
///
/// Local row r is the token local[r]. Rows up to `split` are the prompt and see the candidates of `split`;
/// each later row sees those of its own step. The candidate of chunk i and row r is the token local[r] with
/// the candidate weights, behind the chunk and the ordinary rows local[max(0, split - tail + 1) .. r - 1].
struct Sample {
  enum class Kind { continuation, repetition, retrieval };
  Kind kind = Kind::continuation;
  std::vector<std::shared_ptr<const Chunk>> chunks;  ///< in the order of the text, of any sizes; may be empty
  std::vector<std::int64_t> positions;               ///< of the candidates, from 0 on, strictly increasing
  std::int64_t local_position = 0;                   ///< of local row 0, behind every candidate
  std::vector<Token> local;
  std::int64_t tail =
      0;  ///< most tokens of the prompt that stand behind each chunk, the candidate's included
  std::int64_t split = 0;  ///< index in `local` of the prompt's last token
  /// [local.size()]: how much predicting targets[r] from row r counts; 0 before `split`.
  std::vector<float> weights;
  std::vector<Token> targets;  ///< [local.size()]: the token after row r; ignored where the weight is 0
};

std::string_view kind_name(Sample::Kind kind);

}  // namespace focusllm::train

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/random.h"

namespace focusllm::data {

/// What samples are like. Lengths in tokens; where a range is given, each sample draws its own.
struct SamplerOptions {
  double retrieval = 0.45, repetition = 0.25, continuation = 0.3;  ///< shares of the losses
  std::vector<std::int64_t> chunk_sizes{256};                      ///< each run of chunks has one of them
  Range chunks{8, 32};                                             ///< in a sample
  Range local{64, 512};  ///< of the prompt: the local window up to the split
  Range labels{16, 48};  ///< rows with a label in continuation and repetition
  Range tail{16, 128};  ///< of the prompt, behind each chunk; {0, 0}: min(512, chunk, prompt) as in the paper
  std::int64_t pool = 96;     ///< chunks that samples are made of at any one time
  double renewed = 4;         ///< of them at each step
  std::int64_t run = 16;      ///< chunks of the pool that stand side by side
  double repeated = 0.1;      ///< share of passages that are one short piece over and over
  double unrelated = 0.2;     ///< share of continuation whose memory is of other texts: it is to do no harm
  double facts = 1.5;         ///< in a chunk, on average
  std::int64_t overlap = 32;  ///< most tokens of one chunk that the next begins with, an eighth of it at most
  double cut = 0.2;           ///< share of chunks' ends that cut a fact in two, as they do when a text is cut
  Range questions{1, 4};      ///< in a sample of retrieval
  double chat = 0.6;  ///< share of retrieval that is asked through the chat template; the rest is plain text
  double absent = 0.03;           ///< share of questions for what the text does not tell
  double gapless = 0.5;           ///< share of samples whose candidates stand at 0, 1, 2, ...
  std::int64_t positions = 1024;  ///< in the others they are spread over this many positions at most
  bool dense = true;              ///< false: one label for each sample, in its last row
  std::int64_t batch = 4;         ///< samples of a step, of all ranks together
};

/// The smallest chunk there is: the rest of a document, or a short one among longer ones.
inline constexpr std::int64_t kLeastChunk = 16;
/// Questions and answers take no more rows than this: none begins past half of it.
inline constexpr std::int64_t kMostQuestionRows = 512;

/// Everything that decides on samples, in one line.
std::string describe(const SamplerOptions& options);

/// Throws UsageError naming the flag of the command line that makes no sense. `context` is the length that
/// the model was trained on: no position may be beyond it.
void check(const SamplerOptions& options, std::int64_t context);

}  // namespace focusllm::data

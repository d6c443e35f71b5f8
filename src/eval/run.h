#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "engine/engine.h"
#include "eval/passkey.h"
#include "eval/results.h"

namespace focusllm::eval {

/// A text, and what to call it.
struct NamedText {
  std::string name;
  std::string text;
};

struct Plan {
  std::vector<ContextOptions> methods;  ///< none of them auto
  std::vector<std::int64_t>
      lengths;                 ///< passkey: of the prompt; perplexity: of the memory, 0 among them or not
  std::vector<double> depths;  ///< percent (passkey)
  int trials = 1;              ///< passkey: for each cell; perplexity: windows of each text
  std::uint64_t seed = 1;
  std::vector<PasskeyTask::Layout> layouts;
  int distractors = 0;
  std::vector<NamedText>
      texts;  ///< haystacks (passkey; none: the published filler), texts to predict (perplexity)
  std::int64_t scored = 512;  ///< tokens that are predicted (perplexity)
  std::int64_t local = 512;   ///< tokens right before them (perplexity)
};

/// How far a run is: measurements done, of how many, and what the next one is.
using EvalProgress = std::function<void(std::int64_t done, std::int64_t total, const std::string& next)>;

/// Measures what `results` does not hold yet. A measurement that a method refuses (too long for it, too
/// little memory) is a result with the reason under "error", and the run goes on. Throws Cancelled.
void run_passkey(const std::shared_ptr<const Engine>& engine, const Plan& plan, Results& results,
                 const CancelToken& cancel, const EvalProgress& progress);
/// Perplexity of the last plan.scored tokens of windows of the texts, with memory before the local window
/// (the text's own, and another text's where there is one) and without.
void run_perplexity(const std::shared_ptr<const Engine>& engine, const Plan& plan, Results& results,
                    const CancelToken& cancel, const EvalProgress& progress);

}  // namespace focusllm::eval

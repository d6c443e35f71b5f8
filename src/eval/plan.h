#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "focusllm/session.h"

namespace focusllm::eval {

/// A text, and what to call it.
struct NamedText {
  std::string name;
  std::string text;
  std::string folder = {};  ///< where the file lies, without what is above; RULER names its data sets so

  /// The name and the beginning of the hash of the text: tells texts of one name apart.
  std::string label() const;
};

/// Of a prompt about a hidden number. focus: the task stands before the question; dca: at the beginning.
enum class Layout { focus, dca };

/// The forms of the task `needle`: city (the sentence about San Francisco), and RULER's numbers, words,
/// uuids.
const std::vector<std::string>& needle_forms();
/// Throws UsageError for a form that is none, listing those there are.
void check_needle_forms(const std::vector<std::string>& names);

/// What is measured.
struct Plan {
  std::vector<ContextOptions> methods;  ///< none of them auto
  std::vector<std::int64_t> lengths;  ///< generated tasks: of the prompt; perplexity: of the memory, 0 or not
  std::vector<double> depths;         ///< percent (tasks with one needle)
  int trials = 1;                     ///< generated tasks: for each cell; perplexity: windows of each text
  std::uint64_t seed = 1;
  std::vector<Layout> layouts;       ///< passkey, number
  int distractors = 0;               ///< passkey, number
  std::vector<std::string> needles;  ///< of needle_forms()
  int hops = 4;                      ///< vt: from one variable to the next
  /// The text is read as a document, and the question asked through the model's chat template; of a task that
  /// has no such form each line is an error.
  bool chat = false;
  /// Haystacks (generated tasks; none: the published filler), texts to predict (perplexity), or published
  /// files (longbench, infinitebench, ruler).
  std::vector<NamedText> texts;
  std::int64_t scored = 512;  ///< tokens that are predicted (perplexity)
  std::int64_t local = 512;   ///< tokens right before them (perplexity)
};

}  // namespace focusllm::eval

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "eval/metrics.h"
#include "eval/plan.h"

namespace focusllm::eval {

/// One line of a file in a benchmark's published format: a prompt in words, and how its answer is scored.
struct Example {
  std::int64_t line = 0;                    ///< of the file, from 1
  std::string id;                           ///< the benchmark's own; empty: it has none
  std::string variant;                      ///< data set, and what differs from the published form
  std::string prompt;                       ///< in raw form, else empty
  std::shared_ptr<const std::string> text;  ///< in chat form, likewise the next
  std::string question;
  std::vector<std::string> support;  ///< places of the text that the answer follows from; empty: not known
  bool absent = false;               ///< the text does not say what is asked for
  std::vector<std::string> expected;
  std::int64_t answer_tokens = 0;
  Metric metric;
  bool first_line = false;  ///< only the answer's first line counts

  bool chat() const { return text != nullptr; }
  const std::string& words() const { return text ? *text : prompt; }  ///< in front of the question
};

// The examples of a file, in the prompts that the benchmark publishes for models without a chat template.
// Throw Error naming file and line for what is not of the format.

/// LongBench (arXiv 2308.14508): input, context, answers, dataset, all_classes, _id. A data set of another
/// name is asked in the plain form (context, empty line, input).
std::vector<Example> longbench_examples(const NamedText& file);
/// InfiniteBench (arXiv 2402.13718): id, context, input, answer, options. The file's name says which data set
/// it is (kv_retrieval.jsonl); of another name: the plain form.
std::vector<Example> infinitebench_examples(const NamedText& file);
/// RULER (arXiv 2404.06654): index, input, outputs, and answer_prefix where there is one. What the task is
/// shows in the prompt; which data set, if folder or file are named like it.
std::vector<Example> ruler_examples(const NamedText& file);
/// Questions about texts, of anybody's own (docs/evaluation.md): text (or none: that of the line before),
/// question, answers (one of which the answer has to name; none: the text does not say it), and id, variant,
/// support, max_tokens (of the answer; else 128), where there are. Always in chat form.
std::vector<Example> questions_examples(const NamedText& file);

// What the formats have in common.

/// The example in each line that is not empty. Errors of `make` are thrown with file and line.
std::vector<Example> examples_of(const NamedText& file,
                                 const std::function<Example(const nlohmann::json&)>& make);
/// A string of an object; of a number its digits. Throws Error when it is missing or another thing.
std::string text_field(const nlohmann::json& object, const char* name);
/// A list of strings or numbers (or such a list in a list), or one of them; not empty. Throws Error
/// otherwise.
std::vector<std::string> list_field(const nlohmann::json& object, const char* name);

/// The same, but nothing where it is missing or empty.
std::vector<std::string> list_field_or_empty(const nlohmann::json& object, const char* name);

using Values = std::vector<std::pair<std::string, std::string>>;
/// A template with the value of each {name}; what is in the values stays as it is.
std::string filled(std::string_view form, const Values& values);
/// For data sets that are not known.
inline constexpr std::string_view kPlainForm = "{context}\n\n{input}";
inline constexpr std::int64_t kPlainAnswerTokens = 64;

}  // namespace focusllm::eval

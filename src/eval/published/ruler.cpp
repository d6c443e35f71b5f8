#include <algorithm>
#include <filesystem>

#include "eval/published/published.h"

namespace focusllm::eval {
namespace {

/// A kind of task, known by words of its prompt.
struct Kind {
  std::string_view words;
  std::string_view name;
  std::int64_t answer_tokens;
  double (*metric)(std::string_view answer, const std::vector<std::string>& expected);
};

constexpr Kind kKinds[] = {
    {"special magic ", "niah", 128, string_match_all},
    {"chain(s) of variable assignment", "vt", 30, string_match_all},
    {"numbered list of words", "cwe", 120, string_match_all},
    {"following coded text", "fwe", 50, string_match_all},
    {"Answer the question based on the given documents", "qa", 32, string_match_part},
};
constexpr Kind kUnknownKind{"", "unknown task", 128, string_match_all};
constexpr std::size_t kBeginning = 1000;  // bytes of the prompt in which the words stand

const Kind& kind_of(std::string_view prompt) {
  const std::string_view beginning = prompt.substr(0, kBeginning);
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& one) {
    return beginning.find(one.words) != std::string_view::npos;
  });
  return found == std::end(kKinds) ? kUnknownKind : *found;
}

/// The data set's name, as RULER's scripts name them (niah_single_1/validation.jsonl), where folder or file
/// has one that fits the task: niah_single_1, qa_2. Else the kind of task.
std::string set_name(const NamedText& file, std::string_view kind) {
  for (const std::string& name : {std::filesystem::path(file.name).stem().string(), file.folder})
    if (name.starts_with(kind)) return name;
  return std::string(kind);
}

Example ruler_example(const NamedText& file, const nlohmann::json& object) {
  Example example;
  example.prompt = text_field(object, "input");
  if (object.contains("answer_prefix")) example.prompt += text_field(object, "answer_prefix");
  const Kind& kind = kind_of(example.prompt);
  example.id = text_field(object, "index");
  example.variant = set_name(file, kind.name);
  example.expected = list_field(object, "outputs");
  example.answer_tokens = kind.answer_tokens;
  example.metric = kind.metric;
  return example;
}

}  // namespace

std::vector<Example> ruler_examples(const NamedText& file) {
  return examples_of(file, [&](const nlohmann::json& object) { return ruler_example(file, object); });
}

}  // namespace focusllm::eval

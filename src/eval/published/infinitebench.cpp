#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "eval/published/answers.h"
#include "eval/published/published.h"
#include "eval/rouge.h"

namespace focusllm::eval {
namespace {

struct InfiniteBenchSet {
  std::string_view name;
  std::int64_t answer_tokens;
  double (*metric)(std::string_view answer, const std::vector<std::string>& expected);
  std::string_view form;
};

// The published prompts for models without a chat template, lengths and metrics, with their spelling.
constexpr InfiniteBenchSet kInfiniteBenchSets[] = {
    {"passkey", 6, first_integer,
     "There is an important info hidden inside a lot of irrelevant text. Find it and memorize it. I "
     "will quiz you about the important information.\n\n{context}\n\n{input}\n\nThe pass key is"},
    {"number_string", 12, first_integer,
     "There is an important info hidden inside a lot of irrelevant text. Find it. I will quiz you about "
     "the important information there.\n\n{context}\n\n{input}\n\nThe sequence of digits is"},
    {"kv_retrieval", 50, among_words,
     "Extract the value corresponding to the specified key in the JSON object below.\n\n{context}\n\n"
     "{input}"},
    {"longbook_sum_eng", 1200, rouge_l_sum, "Summarize the book below.\n\n{context}\n\nSummary:"},
    {"longbook_choice_eng", 40, choice,
     "Read the book and answer the question.\n\n{context}\n\nQuestion: {question}\nA. {OPTION_A}\nB. "
     "{OPTION_B}\nC. {OPTION_C}\nD. {OPTION_D}\n\nThe letter of the correct answer is"},
    {"longbook_qa_eng", 40, qa_f1,
     "Read the book and answer the question. Be very concise in your answer.\n\n{context}\n\nQuestion: "
     "{question}\nAnswer:"},
    {"longbook_qa_chn", 40, qa_f1_characters,
     "阅读以下书籍然后回答问题。\n\n{context}\n\n问题：{question}\n答案："},
    {"math_find", 3, first_number, "{prefix}\n\n{context}\n\n{input}"},
    {"math_calc", 30000, leading_numbers,
     "Let us calculate the intermediate values of an expression.\n\nExpression: 1 + 3 + 4\nValues: [1, "
     "4, 8]\n\nExpression: 8 - 3 + 2 - 4\nValues: [8, 5, 7, 3]\n\nExpression: {context}\nValues:"},
    {"code_run", 5, last_integer,
     "There is a function called {func} in the following Python code.\n\n{context}\n\nPlease compute "
     "the exact value of {func_call}. The value of {func_call} is"},
    {"code_debug", 5, wrong_function,
     "Following is a Python code where exactly one of the functions/methods has a deliberate error that "
     "makes it crash.\n\n{context}\n\nOptions:\nA. {OPTION_A}\nB. {OPTION_B}\nC. {OPTION_C}\nD. "
     "{OPTION_D}\n\nThe correct option is:"},
    {"longdialogue_qa_eng", 40, speaker,
     "Below is a dialogue script where one random occurrence of a character name is replaced with "
     "\"$$MASK$$\", and you should try to guess who that character is.\n\n{context}\n\nThe name that "
     "has been replaced with $$MASK$$ is likely"},
};

constexpr InfiniteBenchSet kUnknownInfiniteBench{"", kPlainAnswerTokens, exact_match, kPlainForm};
constexpr std::string_view kLetters = "ABCD";

const InfiniteBenchSet& infinitebench_set(const std::string& name) {
  const auto* found = std::find_if(std::begin(kInfiniteBenchSets), std::end(kInfiniteBenchSets),
                                   [&](const InfiniteBenchSet& one) { return one.name == name; });
  return found == std::end(kInfiniteBenchSets) ? kUnknownInfiniteBench : *found;
}

/// The first call like func_12(-3) in a text; empty if there is none.
std::string function_call(std::string_view text) {
  constexpr std::string_view kName = "func_", kDigits = "0123456789";
  for (auto at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at + 1)) {
    const auto name_end = text.find_first_not_of(kDigits, at + kName.size());
    if (name_end == std::string_view::npos || name_end == at + kName.size() || text[name_end] != '(')
      continue;
    const std::size_t argument = name_end + (text.substr(name_end + 1).starts_with("-") ? 2 : 1);
    const auto end = text.find_first_not_of(kDigits, argument);
    if (end != std::string_view::npos && end > argument && text[end] == ')')
      return std::string(text.substr(at, end + 1 - at));
  }
  return {};
}

/// "The largest number of the list is: " -> "What is the largest number in the following list?"
std::string math_prefix(const std::string& input) {
  const auto begin = input.find("The ");
  const auto end = input.rfind(" of");
  if (begin == std::string::npos || end == std::string::npos || end < begin + 4) {
    fail("\"input\" has nothing like 'The ... of'");
  }
  return "What is " + lower(input.substr(begin, end - begin)) + " in the following list?";
}

std::vector<std::string> options_of(const nlohmann::json& object) {
  auto options = list_field(object, "options");
  if (options.size() != kLetters.size()) fail("\"options\" are {}, not {}", options.size(), kLetters.size());
  return options;
}

Values values_of(const nlohmann::json& object, const InfiniteBenchSet& set) {
  const std::string input = text_field(object, "input");
  Values values{{"context", text_field(object, "context")}, {"input", input}, {"question", input}};
  if (set.form.find("{OPTION_A}") != std::string_view::npos) {
    const auto options = options_of(object);
    for (std::size_t i = 0; i < options.size(); ++i)
      values.push_back({std::string("OPTION_") + kLetters[i], options[i]});
  }
  if (set.name == "code_run") {
    const std::string call = function_call(input);
    if (call.empty()) fail("\"input\" has no call like func_12(3)");
    values.push_back({"func_call", call});
    values.push_back({"func", call.substr(0, call.find('('))});
  }
  if (set.name == "math_find") values.push_back({"prefix", math_prefix(input)});
  return values;
}

/// The answer, and of a choice its letter.
std::vector<std::string> expected_of(const nlohmann::json& object, const InfiniteBenchSet& set) {
  auto expected = list_field(object, "answer");
  if (set.form.find("{OPTION_A}") == std::string_view::npos || expected.size() > 1) return expected;
  const auto options = options_of(object);
  const auto found = std::find(options.begin(), options.end(), expected.front());
  if (found == options.end()) fail("\"answer\" is none of the options");
  expected.emplace_back(1, kLetters[static_cast<std::size_t>(found - options.begin())]);
  return expected;
}

}  // namespace

std::vector<Example> infinitebench_examples(const NamedText& file) {
  const std::string name = std::filesystem::path(file.name).stem().string();
  const InfiniteBenchSet& set = infinitebench_set(name);
  return examples_of(file, [&](const nlohmann::json& object) {
    Example example;
    if (object.contains("id")) example.id = text_field(object, "id");
    example.variant = set.name.empty() ? name + ", plain form, exact match" : name;
    example.prompt = filled(set.form, values_of(object, set));
    example.expected = expected_of(object, set);
    example.answer_tokens = set.answer_tokens;
    example.metric = set.metric;
    return example;
  });
}

}  // namespace focusllm::eval

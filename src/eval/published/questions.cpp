#include "base/error.h"
#include "eval/published/published.h"
#include "eval/task.h"

namespace focusllm::eval {
namespace {

constexpr std::int64_t kAnswerTokens = 128;  // a few sentences

using TextPointer = std::shared_ptr<const std::string>;

Example question_of(const nlohmann::json& object, TextPointer& text) {
  if (object.contains("text")) text = std::make_shared<const std::string>(text_field(object, "text"));
  if (!text) fail("has no \"text\", and there is no line before whose text it could ask about");
  Example example;
  example.text = text;
  example.question = text_field(object, "question");
  example.expected = list_field_or_empty(object, "answers");
  example.support = list_field_or_empty(object, "support");
  example.absent = example.expected.empty();
  if (example.absent) example.expected.emplace_back(kNotThere);
  if (object.contains("id")) example.id = text_field(object, "id");
  example.variant = object.contains("variant") ? text_field(object, "variant") : "questions";
  example.answer_tokens = kAnswerTokens;
  if (object.contains("max_tokens")) {
    const nlohmann::json& most = object.at("max_tokens");
    if (!most.is_number_unsigned() || most < 1 || most > (1 << 20))
      fail("\"max_tokens\" is not a number of tokens, from 1 on");
    example.answer_tokens = most.get<std::int64_t>();
  }
  example.metric = string_match_part;
  return example;
}

}  // namespace

std::vector<Example> questions_examples(const NamedText& file) {
  TextPointer text;
  return examples_of(file, [&](const nlohmann::json& object) { return question_of(object, text); });
}

}  // namespace focusllm::eval

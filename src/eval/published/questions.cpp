#include "base/error.h"
#include "eval/published/published.h"
#include "eval/task.h"

namespace focusllm::eval {
namespace {

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
  example.answer_tokens = kPlainAnswerTokens;
  example.metric = string_match_part;
  return example;
}

}  // namespace

std::vector<Example> questions_examples(const NamedText& file) {
  TextPointer text;
  return examples_of(file, [&](const nlohmann::json& object) { return question_of(object, text); });
}

}  // namespace focusllm::eval

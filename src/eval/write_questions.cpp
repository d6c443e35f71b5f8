#include "eval/write_questions.h"

#include "base/error.h"
#include "eval/ask_prompt.h"
#include "eval/cases.h"
#include "eval/results.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;

Json line_of(const Prompt& prompt) {
  if (prompt.question.empty()) fail("it has no chat form");
  Json line = {{"question", prompt.question}};
  line["answers"] = prompt.absent ? std::vector<std::string>{} : prompt.expected;
  line["support"] = prompt.support;
  line["max_tokens"] = answer_tokens(prompt, Form::chat);
  return line;
}

}  // namespace

void write_questions(const std::string& task, const Tokenizer& tokenizer, const Plan& plan,
                     OutputFile& file) {
  std::string last;
  for (const TaskPointer& form : make_tasks(task, tokenizer, plan)) {
    for (const std::int64_t length : plan.lengths) {
      for (const PlannedCase& one : cases_of(*form, plan, length)) {
        const Prompt prompt = form->make(one.which);
        Json line = line_of(prompt);
        line["id"] = fmt::format("{} {} {}", task, length, one.trial);
        line["variant"] = fmt::format("{}, {}", task, form->variant());
        std::string text = tokenizer.decode(prompt.text());
        if (text != last) line["text"] = text;
        last = std::move(text);
        const std::string json = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
        file.write(std::as_bytes(std::span(json)));
      }
    }
  }
}

}  // namespace focusllm::eval

#include <algorithm>
#include <set>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/magic.h"
#include "eval/tasks/tasks.h"
#include "eval/tasks/words.h"

namespace focusllm::eval {
namespace {

constexpr const char* kNumbers = "numbers";
constexpr std::int64_t kLineQuestionTokens = 80;  // at most
constexpr int kLinesQuestions = 10;

struct Line {
  std::string key, value;
};

std::string words_of(const Line& line) {
  return magic_line(kNumbers, line.key, line.value);
}

/// RULER's niah_multikey_2: nothing but lines that differ in key and number alone. Ten of a text are asked
/// for.
class NeedleLinesTask : public Task {
 public:
  explicit NeedleLinesTask(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string variant() const override { return "lines alike"; }
  bool has_depth() const override { return false; }
  int questions() const override { return kLinesQuestions; }
  Prompt make(const Case& which) const override;

 private:
  const Tokenizer& tokenizer_;
};

Prompt NeedleLinesTask::make(const Case& which) const {
  Chance chance(which.text_seed);
  Prompt prompt;
  prompt.tokens = tokenizer_.encode(magic_words(kNumbers, {""}, 1).before);
  std::int64_t room = which.length - std::ssize(prompt.tokens) - kLineQuestionTokens;
  std::vector<Line> lines;
  std::set<std::string> keys;
  while (true) {
    Line line{draw_word_pair(chance), draw_magic_value(chance, kNumbers)};
    if (!keys.insert(line.key).second) continue;
    const auto tokens = tokenizer_.encode_continued(words_of(line) + "\n");
    room -= std::ssize(tokens);
    if (room < 0) break;
    append(prompt.tokens, tokens);
    lines.push_back(std::move(line));
  }
  if (lines.empty()) fail("multikey-lines: a prompt of {} tokens has no room for a line", which.length);
  const std::size_t place = static_cast<std::size_t>(which.question) * lines.size() / kLinesQuestions +
                            static_cast<std::size_t>(chance.between(0, std::ssize(lines) / kLinesQuestions));
  const Line& asked = lines[std::min(place, lines.size() - 1)];
  prompt.text_tokens = std::ssize(prompt.tokens);
  const MagicWords words = magic_words(kNumbers, {asked.key}, 1);
  prompt.question = words.question;
  append(prompt.tokens, tokenizer_.encode_continued(fmt::format("{} {}", words.question, words.answer)));
  prompt.support = {words_of(asked)};
  prompt.expected = {asked.value};
  prompt.answer_tokens = kMagicAnswerTokens;
  prompt.metric = string_match_all;
  return prompt;
}

}  // namespace

std::vector<TaskPointer> needle_lines_tasks(const TaskSetup& setup) {
  return {std::make_shared<const NeedleLinesTask>(setup.tokenizer)};
}

}  // namespace focusllm::eval

#include "eval/tasks/hidden_number.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

constexpr std::array<std::string_view, 9> kOtherNames{"door code",     "locker number", "account number",
                                                      "flight number", "room number",   "ticket number",
                                                      "street number", "badge number",  "serial number"};
constexpr std::int64_t kLowestKey = 1, kHighestKey = 49999;
constexpr int kDigits = 5, kRepeated = 5;  // of a number string
constexpr std::int64_t kAnswerMargin = 2;  // tokens generated beyond the number's own

std::string line_about(std::string_view name, const std::string& number) {
  return fmt::format("The {} is {}. Remember it. {} is the {}.", name, number, number, name);
}

std::string draw_passkey(Chance& chance) {
  return std::to_string(chance.between(kLowestKey, kHighestKey));
}

std::string draw_number_string(Chance& chance) {
  std::string digits = draw_letters(chance, kDigits, '0', '9');
  for (int i = 0; i < kRepeated; ++i) {
    const auto at = static_cast<std::size_t>(chance.between(0, std::ssize(digits) - 1));
    digits.insert(at, 1, digits[at]);
  }
  return digits;
}

std::vector<TaskPointer> tasks_about(const HiddenNumber& number, const TaskSetup& setup) {
  std::vector<TaskPointer> tasks;
  for (const Layout layout : setup.plan.layouts) {
    for (const auto& haystack : setup.haystacks) {
      tasks.push_back(
          std::make_shared<const HiddenNumberTask>(haystack, number, layout, setup.plan.distractors));
    }
  }
  return tasks;
}

}  // namespace

HiddenNumber passkey_number() {
  return {
      "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I "
      "will quiz you about the important information there.",
      "pass key", draw_passkey};
}

HiddenNumber number_string() {
  return {
      "There is an important info hidden inside a lot of irrelevant text. Find it. I will quiz you about "
      "the important information there.",
      "sequence of digits", draw_number_string};
}

std::vector<TaskPointer> passkey_tasks(const TaskSetup& setup) {
  return tasks_about(passkey_number(), setup);
}

std::vector<TaskPointer> number_tasks(const TaskSetup& setup) {
  return tasks_about(number_string(), setup);
}

HiddenNumberTask::HiddenNumberTask(std::shared_ptr<const Haystack> haystack, HiddenNumber number,
                                   Layout layout, int distractors)
    : haystack_(std::move(haystack)), number_(std::move(number)), layout_(layout), distractors_(distractors) {
  if (distractors < 0 || distractors > std::ssize(kOtherNames)) {
    throw UsageError(fmt::format("{} other keys: there are {} names", distractors, kOtherNames.size()));
  }
}

std::string HiddenNumberTask::variant() const {
  std::string name = (layout_ == Layout::focus ? "focus layout, " : "dca layout, ") + haystack_->name();
  if (distractors_ > 0) name += fmt::format(", {} other keys", distractors_);
  return name;
}

Prompt HiddenNumberTask::make(const Case& which) const {
  const Tokenizer& tokenizer = haystack_->tokenizer();
  Chance chance(which.seed);
  const std::string number = number_.draw(chance);
  const std::string line = line_about(number_.name, number);
  const bool first = layout_ == Layout::dca;
  const auto before = tokenizer.encode(first ? number_.task + "\n" : "");
  const auto after = tokenizer.encode_continued(fmt::format(
      "{}\nWhat is the {}? The {} is", first ? "" : "\n" + number_.task, number_.name, number_.name));
  const std::int64_t total = which.length - std::ssize(before) - std::ssize(after);
  check_room(total - std::ssize(line_tokens(tokenizer, line)), which.length);
  Prompt inner = haystack_->published() && distractors_ == 0
                     ? with_filler(total, which.depth, line)
                     : in_haystack(total, which.depth, line,
                                   static_cast<std::uint64_t>(chance.between(0, std::int64_t{1} << 40)));
  Prompt prompt;
  prompt.tokens = before;
  append(prompt.tokens, inner.tokens);
  prompt.text_tokens = std::ssize(prompt.tokens);
  append(prompt.tokens, after);
  prompt.question = fmt::format("{}\nWhat is the {}?", number_.task, number_.name);
  prompt.support = {line};
  prompt.needle = std::ssize(before) + *inner.needle;
  prompt.expected = {number};
  prompt.answer_tokens = std::ssize(tokenizer.encode(" " + number)) + kAnswerMargin;
  prompt.metric = first_integer;
  return prompt;
}

/// The published form: filler cut by characters into what stands before the line and what stands behind it.
Prompt HiddenNumberTask::with_filler(std::int64_t total, double depth, const std::string& line) const {
  const Tokenizer& tokenizer = haystack_->tokenizer();
  const auto characters_of = [&](std::int64_t tokens) {
    return static_cast<std::int64_t>(static_cast<double>(tokens) * haystack_->filler_characters_per_token());
  };
  const std::int64_t room = total - std::ssize(line_tokens(tokenizer, line));
  const auto prefix = static_cast<std::int64_t>(depth * static_cast<double>(characters_of(room)));
  // More than fits, of which the end is cut off.
  const std::int64_t behind = characters_of(room + room / 16 + 64) - prefix;
  Prompt prompt;
  prompt.tokens = tokenizer.encode(Haystack::filler(prefix));
  if (std::ssize(prompt.tokens) > room) prompt.tokens.resize(static_cast<std::size_t>(room));
  prompt.needle = std::ssize(prompt.tokens);
  append(prompt.tokens, tokenizer.encode_continued("\n" + line + "\n" + Haystack::filler(behind)));
  prompt.tokens.resize(static_cast<std::size_t>(total));
  return prompt;
}

/// Running text in which lines take the place of as many tokens, so that all other tokens stay where they
/// are: texts that differ in the place of their lines share their other chunks.
Prompt HiddenNumberTask::in_haystack(std::int64_t total, double depth, const std::string& line,
                                     std::uint64_t seed) const {
  std::vector<Token> text = haystack_->first(total);
  Chance chance(seed);
  const auto place = [&](const std::string& what, double where) {
    const auto tokens = line_tokens(haystack_->tokenizer(), what);
    const auto at = static_cast<std::int64_t>(where * static_cast<double>(total - std::ssize(tokens)));
    std::copy(tokens.begin(), tokens.end(), text.begin() + at);
    return at;
  };
  for (int i = 0; i < distractors_; ++i) {
    const std::string other = line_about(kOtherNames[static_cast<std::size_t>(i)], number_.draw(chance));
    place(other, static_cast<double>(chance.between(0, 9999)) / 1e4);
  }
  Prompt prompt;
  prompt.needle = place(line, depth);  // last: nothing may cover it
  prompt.tokens = std::move(text);
  return prompt;
}

}  // namespace focusllm::eval

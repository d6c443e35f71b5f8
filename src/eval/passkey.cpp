#include "eval/passkey.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "eval/chance.h"

namespace focusllm::eval {
namespace {

// The published sentences.
constexpr std::string_view kTask =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I will "
    "quiz you about "
    "the important information there.";
constexpr std::string_view kFiller =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";
constexpr std::string_view kQuestion = "What is the pass key? The pass key is";

constexpr std::array<std::string_view, 9> kOtherNames{"door code",     "locker number", "account number",
                                                      "flight number", "room number",   "ticket number",
                                                      "street number", "badge number",  "serial number"};

constexpr std::int64_t kLowestKey = 1, kHighestKey = 49999;
constexpr std::int64_t kMinimumRoom = 16;  // tokens of filler

std::string line_about(std::string_view name, const std::string& number) {
  return fmt::format("The {} is {}. Remember it. {} is the {}.", name, number, number, name);
}

std::string draw_number(Chance& chance) {
  return std::to_string(chance.between(kLowestKey, kHighestKey));
}

void append(std::vector<Token>& to, std::span<const Token> tokens) {
  to.insert(to.end(), tokens.begin(), tokens.end());
}

}  // namespace

PasskeyMaker::PasskeyMaker(const Tokenizer& tokenizer, PasskeyTask task)
    : tokenizer_(tokenizer), task_(std::move(task)) {
  if (task_.distractors < 0 || task_.distractors > std::ssize(kOtherNames)) {
    throw UsageError(fmt::format("{} other keys: there are {} names", task_.distractors, kOtherNames.size()));
  }
  haystack_ = encode(task_.haystack);
  const std::string sample = filler(1 << 12);
  characters_per_token_ = static_cast<double>(sample.size()) / static_cast<double>(encode(sample).size());
}

std::vector<Token> PasskeyMaker::encode(const std::string& text) const {
  return tokenizer_.encode(text);
}

/// At least so many characters of the published filler.
std::string PasskeyMaker::filler(std::int64_t characters) const {
  std::string text;
  while (std::ssize(text) < characters) text.append(kFiller).append(" ");
  text.resize(static_cast<std::size_t>(characters));
  return text;
}

PasskeyPrompt PasskeyMaker::make(std::int64_t length, double depth, std::uint64_t seed) const {
  Chance chance(seed);
  const std::string key = draw_number(chance);
  const std::string line = line_about("pass key", key);
  const bool first = task_.layout == PasskeyTask::Layout::dca;
  const auto before = encode(first ? std::string(kTask) + "\n" : "");
  const auto after =
      encode(first ? fmt::format("\n{}", kQuestion) : fmt::format("\n{}\n{}", kTask, kQuestion));
  const std::int64_t room =
      length - std::ssize(before) - std::ssize(after) - std::ssize(encode("\n" + line + "\n"));
  if (room < kMinimumRoom) {
    fail("a prompt of {} tokens has no room for filler: the task alone takes {}", length, length - room);
  }
  PasskeyPrompt prompt = haystack_.empty() && task_.distractors == 0
                             ? with_filler(room, depth, line)
                             : in_haystack(room, depth, line, chance.between(0, std::int64_t{1} << 40));
  prompt.key = key;
  prompt.needle += std::ssize(before);
  std::vector<Token> tokens = before;
  append(tokens, prompt.tokens);
  append(tokens, after);
  prompt.tokens = std::move(tokens);
  return prompt;
}

/// The published form: filler cut by characters into what stands before the line and what stands behind it.
PasskeyPrompt PasskeyMaker::with_filler(std::int64_t room, double depth, const std::string& line) const {
  const auto characters = static_cast<std::int64_t>(static_cast<double>(room) * characters_per_token_);
  const auto prefix = static_cast<std::int64_t>(depth * static_cast<double>(characters));
  PasskeyPrompt prompt;
  prompt.tokens = encode(filler(prefix) + "\n");
  prompt.needle = std::ssize(prompt.tokens);
  append(prompt.tokens, encode(line + "\n" + filler(characters - prefix)));
  return prompt;
}

/// Running text in which lines take the place of as many tokens, so that all other tokens stay where they
/// are: texts that differ in the place of their lines share their other chunks.
PasskeyPrompt PasskeyMaker::in_haystack(std::int64_t room, double depth, const std::string& line,
                                        std::uint64_t seed) const {
  std::vector<Token> text = haystack_;
  if (text.empty())
    text = encode(filler(static_cast<std::int64_t>(static_cast<double>(room + 64) * characters_per_token_)));
  const std::vector<Token> needle = encode("\n" + line + "\n");
  const std::int64_t total = room + std::ssize(needle);
  if (std::ssize(text) < total) {
    fail("the haystack has {} tokens; a prompt needs {} of them: give a longer text", text.size(), total);
  }
  text.resize(static_cast<std::size_t>(total));
  Chance chance(seed);
  const auto place = [&](const std::vector<Token>& what, double where) {
    const auto at = static_cast<std::int64_t>(where * static_cast<double>(total - std::ssize(what)));
    std::copy(what.begin(), what.end(), text.begin() + at);
    return at;
  };
  for (int i = 0; i < task_.distractors; ++i) {
    const std::string other = line_about(kOtherNames[static_cast<std::size_t>(i)], draw_number(chance));
    place(encode("\n" + other + "\n"), static_cast<double>(chance.between(0, 9999)) / 1e4);
  }
  PasskeyPrompt prompt;
  prompt.needle = place(needle, depth);  // last: nothing may cover it
  prompt.tokens = std::move(text);
  return prompt;
}

bool answers(const std::string& text, const std::string& key) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto begin = std::find_if(text.begin(), text.end(), digit);
  const auto end = std::find_if_not(begin, text.end(), digit);
  return std::string(begin, end) == key;
}

}  // namespace focusllm::eval

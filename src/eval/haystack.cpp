#include "eval/haystack.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace focusllm::eval {
namespace {

constexpr std::string_view kFiller =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. ";
constexpr std::int64_t kSample = 32;       // repetitions
constexpr std::int64_t kMinimumRoom = 16;  // tokens of filler
constexpr std::int64_t kSpareTokens = 64;  // of filler, beyond what its mean length promises

}  // namespace

Haystack::Haystack(const Tokenizer& tokenizer, const NamedText& text)
    : tokenizer_(tokenizer), name_(text.text.empty() ? "published filler" : "filler " + text.label()) {
  tokens_ = tokenizer.encode(text.text);
  // Whole repetitions behind others, so that the mean holds for any length.
  constexpr std::int64_t kCharacters = kSample * std::ssize(kFiller);
  const auto tokens =
      tokenizer.encode(filler(2 * kCharacters)).size() - tokenizer.encode(filler(kCharacters)).size();
  characters_per_token_ = static_cast<double>(kCharacters) / static_cast<double>(tokens);
}

std::string Haystack::filler(std::int64_t characters) {
  std::string text;
  while (std::ssize(text) < characters) text.append(kFiller);
  text.resize(static_cast<std::size_t>(characters));
  return text;
}

std::vector<Token> Haystack::from(double place, std::int64_t count) const {
  std::vector<Token> repeated;
  if (published()) {
    repeated = tokenizer_.encode(
        filler(static_cast<std::int64_t>(static_cast<double>(count + kSpareTokens) * characters_per_token_)));
  }
  const std::vector<Token>& text = published() ? repeated : tokens_;
  const std::int64_t spare = std::ssize(text) - count;
  if (spare < 0)
    fail("{}: has {} tokens; a prompt needs {} of them: give a longer text", name_, text.size(), count);
  const auto begin = text.begin() + std::llround(place * static_cast<double>(spare));
  return {begin, begin + count};
}

std::vector<Token> line_tokens(const Tokenizer& tokenizer, const std::string& line) {
  return tokenizer.encode_continued("\n" + line + "\n");
}

void check_room(std::int64_t room, std::int64_t length) {
  if (room >= kMinimumRoom) return;
  fail("a prompt of {} tokens has no room for filler: the task alone takes {}", length, length - room);
}

void append(std::vector<Token>& to, const std::vector<Token>& tokens) {
  to.insert(to.end(), tokens.begin(), tokens.end());
}

Prompt hide(const Haystack& haystack, const Hidden& hidden, std::int64_t length) {
  const Tokenizer& tokenizer = haystack.tokenizer();
  Prompt prompt;
  prompt.tokens = hidden.before;
  const auto after = tokenizer.encode_continued(hidden.after);
  const std::int64_t total = length - std::ssize(prompt.tokens) - std::ssize(after);
  std::vector<std::vector<Token>> lines;
  std::int64_t room = total;
  for (const std::string& line : hidden.lines) {
    lines.push_back(line_tokens(tokenizer, line));
    room -= std::ssize(lines.back());
  }
  check_room(room, length);
  std::vector<Token> text = haystack.from(hidden.begin, total);
  std::int64_t taken = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::int64_t at = taken + std::llround(hidden.places[i] * static_cast<double>(room));
    std::copy(lines[i].begin(), lines[i].end(), text.begin() + at);
    if (i == 0) prompt.needle = std::ssize(prompt.tokens) + at;
    taken += std::ssize(lines[i]);
  }
  append(prompt.tokens, text);
  prompt.text_tokens = std::ssize(prompt.tokens);
  append(prompt.tokens, after);
  prompt.question = hidden.question;
  prompt.support = hidden.lines;
  return prompt;
}

}  // namespace focusllm::eval

#include "eval/published/answers.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/contains.h"
#include "eval/metrics.h"

namespace focusllm::eval {
namespace {

std::string stripped(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

/// Runs of spaces as one.
std::string single_spaced(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ' || result.empty() || result.back() != ' ') result += c;
  }
  return result;
}

std::string replaced(std::string text, std::string_view what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), " ");
  return text;
}

bool begins_with_one_of(std::string_view text, const std::vector<std::string>& expected) {
  return std::any_of(expected.begin(), expected.end(),
                     [&](const std::string& one) { return text.starts_with(one); });
}

/// Whether one of the expected stands behind the first of some phrases that is there; nothing if none is.
std::optional<bool> behind_phrase(std::string_view text, const std::vector<std::string_view>& phrases,
                                  const std::vector<std::string>& expected) {
  for (const std::string_view phrase : phrases) {
    const auto at = text.find(phrase);
    if (at == std::string_view::npos) continue;
    const std::size_t begin = at + phrase.size() + 1;
    return begin <= text.size() && begins_with_one_of(text.substr(begin), expected);
  }
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The first run of digits, with the decimals behind it; empty if there is none.
std::string_view first_decimal(std::string_view text) {
  const auto* begin = std::find_if(text.begin(), text.end(), is_digit);
  const auto* end = std::find_if_not(begin, text.end(), is_digit);
  if (text.end() - end > 1 && *end == '.' && is_digit(end[1]))
    end = std::find_if_not(end + 1, text.end(), is_digit);
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::optional<double> value_of(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

bool is_letter(const std::string& word) {
  return word.size() == 1 && word[0] >= 'A' && word[0] <= 'D';
}

}  // namespace

double choice(std::string_view answer, const std::vector<std::string>& expected) {
  std::string text = stripped(answer);
  if (text.empty()) return 0;
  if (is_letter(text.substr(0, 1))) return contains(expected, text.substr(0, 1)) ? 1 : 0;
  if (contains(expected, text)) return 1;
  text = single_spaced(without(text, "\n\"'.,?!{}"));
  if (const auto found = behind_phrase(text, {"answer is:", "answer:", "answer is", "option is"}, expected)) {
    return *found ? 1 : 0;
  }
  const auto words = split_words(text);
  // As published: the first word that is a part of "ABCD" decides, also one of two letters.
  const auto first = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return std::string_view("ABCD").find(word) != std::string_view::npos;
  });
  return first != words.end() && contains(expected, *first) ? 1 : 0;
}

double wrong_function(std::string_view answer, const std::vector<std::string>& expected) {
  std::string text = stripped(answer);
  const std::string& letter = expected.back();
  if (text.starts_with(letter + ".") || text.starts_with(letter + ":")) return 1;
  text = replaced(replaced(without(text, "\n`'\"-*"), "Option"), "option");
  return behind_phrase(single_spaced(text), {"answer is:", "is:", "answer:", "correct option is:"}, expected)
                 .value_or(false)
             ? 1
             : 0;
}

double last_integer(std::string_view answer, const std::vector<std::string>& expected) {
  const auto words = split_words(without(answer, "\n.`'\":"));
  return !words.empty() && words.back() == expected.front() ? 1 : 0;
}

double first_number(std::string_view answer, const std::vector<std::string>& expected) {
  const auto given = value_of(first_decimal(answer));
  return given && given == value_of(expected.front()) ? 1 : 0;
}

double leading_numbers(std::string_view answer, const std::vector<std::string>& expected) {
  const auto given = numbers(answer);
  const auto same = std::mismatch(given.begin(), given.end(), expected.begin(), expected.end()).second;
  return static_cast<double>(same - expected.begin()) / static_cast<double>(expected.size());
}

double speaker(std::string_view answer, const std::vector<std::string>& expected) {
  auto words = split_words(without(answer, "\n:\"'.,?!{}"));
  for (std::string& word : words) {
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return contains(words, expected.front()) ? 1 : 0;
}

}  // namespace focusllm::eval

#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <utf8proc.h>

#include "base/contains.h"
#include "base/utf8.h"

namespace focusllm::eval {
namespace {

using Words = std::vector<std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// ASCII's, whatever the locale.
bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// What Python's str.split() splits at, as UTF-8.
bool is_space(std::string_view one) {
  static const std::set<std::string, std::less<>> kWide{
      "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
      "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  if (one.size() > 1) return kWide.contains(one);
  return one == " " || (one >= "\t" && one <= "\r") || (one >= "\x1c" && one <= "\x1f");
}

/// Whether a character belongs to a word where articles are looked for (Python's \w). Beyond ASCII: all but
/// spaces, and the punctuation that stands in texts.
bool is_in_word(const std::string& one) {
  static const Words kMarks =
      characters("¡¢£¤¥¦§¨©«¬®¯°±´¶·¸»¿×÷‐‑‒–—―‖‘’‚‛“”„‟†‡•…‰′″‹›€™−、。「」『』【】！（），：；？");
  if (one.size() > 1) return !is_space(one) && !contains(kMarks, one);
  return one == "_" || is_digit(one[0]) || (one >= "a" && one <= "z") || (one >= "A" && one <= "Z");
}

/// Without the articles that stand as words of their own.
std::string without_articles(std::string_view text) {
  std::string result, word;
  const auto end_word = [&] {
    if (word == "a" || word == "an" || word == "the") word = " ";
    result += std::exchange(word, "");
  };
  for (const std::string& one : characters(text)) {
    if (is_in_word(one)) {
      word += one;
    } else {
      end_word();
      result += one;
    }
  }
  end_word();
  return result;
}

/// The best of a score against each of the expected.
template <typename Score>
double best_of(const Words& expected, const Score& score) {
  double best = 0;
  for (const std::string& one : expected) best = std::max(best, static_cast<double>(score(one)));
  return best;
}

bool has_part(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether a comma stands between a digit and three more, and no fourth.
bool separates_thousands(std::string_view text, std::size_t at) {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  return text[at] == ',' && at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2) && digit(at + 3) &&
         !digit(at + 4);
}

/// SQuAD's normal form: lower case, no ASCII punctuation, no articles.
Words normal_words(std::string_view text) {
  std::string plain = lower(text);
  plain.erase(std::remove_if(plain.begin(), plain.end(), is_punctuation), plain.end());
  return split_words(without_articles(plain));
}

/// The punctuation that LongBench and InfiniteBench take out of Chinese texts, beside ASCII's.
constexpr std::string_view kWidePunctuation =
    "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚"
    "〛〜〝〞〟〰〾〿"
    "–—‘’‛“”„‟…‧﹏";

Words normal_characters(std::string_view text) {
  static const Words kWide = characters(kWidePunctuation);
  static const std::set<std::string> kLeftOut(kWide.begin(), kWide.end());
  Words kept;
  for (std::string& one : characters(lower(text))) {
    const bool left_out =
        is_space(one) || (one.size() == 1 ? is_punctuation(one[0]) : kLeftOut.contains(one));
    if (!left_out) kept.push_back(std::move(one));
  }
  return kept;
}

double f1(const Words& answer, const Words& expected) {
  std::map<std::string, int> left;
  for (const std::string& word : expected) ++left[word];
  double same = 0;
  for (const std::string& word : answer) {
    const auto found = left.find(word);
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++same;
  }
  if (same == 0) return 0;
  const double precision = same / static_cast<double>(answer.size());
  const double recall = same / static_cast<double>(expected.size());
  return 2 * precision * recall / (precision + recall);
}

/// Length of the longest common subsequence.
std::size_t common_length(const Words& a, const Words& b) {
  std::vector<std::size_t> row(b.size() + 1, 0);
  for (const std::string& one : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = one == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

/// The first line without a comment sign or a code fence; empty if there is none.
std::string_view first_code_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!has_part(line, "`") && !has_part(line, "#") && !has_part(line, "//")) return line;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return {};
}

/// The digits right behind `prefix` in `text`; empty if there are none.
std::string number_behind(std::string_view text, std::string_view prefix) {
  for (auto at = text.find(prefix); at != std::string_view::npos; at = text.find(prefix, at + 1)) {
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at + prefix.size());
    const auto end = std::find_if_not(begin, text.end(), is_digit);
    if (begin != end) return {begin, end};
  }
  return {};
}

/// And its size in bytes; -1 for a byte that is part of none, or at the end.
std::pair<utf8proc_int32_t, std::size_t> first_character(std::string_view text) {
  utf8proc_int32_t character = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &character);
  if (size <= 0) return {-1, 1};
  return {character, static_cast<std::size_t>(size)};
}

void append_character(utf8proc_int32_t character, std::string& to) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(character, bytes);
  to.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

bool is_letter(utf8proc_int32_t character) {
  if (character < 0) return false;
  const auto category = utf8proc_category(character);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

}  // namespace

std::string lower(std::string_view text) {
  constexpr utf8proc_int32_t kSigma = 0x3a3, kFinalSigma = 0x3c2;
  std::string result;
  result.reserve(text.size());
  bool in_word = false;
  while (!text.empty()) {
    const auto [character, size] = first_character(text);
    if (character < 0) {
      result += text.substr(0, 1);
    } else {
      const bool ends =
          character == kSigma && in_word && !is_letter(first_character(text.substr(size)).first);
      append_character(ends ? kFinalSigma : utf8proc_tolower(character), result);
    }
    in_word = is_letter(character);
    text.remove_prefix(size);
  }
  return result;
}

std::string without(std::string_view text, std::string_view characters) {
  std::string result(text);
  for (char& c : result) c = has_part(characters, {&c, 1}) ? ' ' : c;
  return result;
}

std::vector<std::string> split_words(std::string_view text) {
  Words words;
  bool goes_on = false;
  for (const std::string& one : characters(text)) {
    const bool space = is_space(one);
    if (!space && !goes_on) words.emplace_back();
    if (!space) words.back() += one;
    goes_on = !space;
  }
  return words;
}

std::vector<std::string> characters(std::string_view text) {
  Words all;
  for (const char c : text) {
    const bool continues = !begins_character(c);
    if (continues && !all.empty() && all.back().size() < 4 && (all.back()[0] & '\x80') != 0) {
      all.back() += c;
    } else {
      all.emplace_back(1, c);
    }
  }
  return all;
}

std::vector<std::string> numbers(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) c = is_digit(c) ? c : ' ';
  return split_words(spaced);
}

double string_match_all(std::string_view answer, const std::vector<std::string>& expected) {
  const std::string text = lower(answer);
  const auto found = std::count_if(expected.begin(), expected.end(),
                                   [&](const std::string& one) { return has_part(text, lower(one)); });
  return static_cast<double>(found) / static_cast<double>(expected.size());
}

double string_match_part(std::string_view answer, const std::vector<std::string>& expected) {
  return string_match_all(answer, expected) > 0 ? 1 : 0;
}

double fact_match(std::string_view answer, const Words& expected) {
  std::string plain;
  for (std::size_t i = 0; i < answer.size(); ++i)
    if (!separates_thousands(answer, i)) plain += answer[i];
  return std::max(string_match_part(answer, expected), string_match_part(plain, expected));
}

double qa_f1(std::string_view answer, const std::vector<std::string>& expected) {
  const Words words = normal_words(answer);
  return best_of(expected, [&](const std::string& one) { return f1(words, normal_words(one)); });
}

double qa_f1_characters(std::string_view answer, const std::vector<std::string>& expected) {
  const Words words = normal_characters(answer);
  return best_of(expected, [&](const std::string& one) { return f1(words, normal_characters(one)); });
}

double exact_match(std::string_view answer, const std::vector<std::string>& expected) {
  const Words words = normal_words(answer);
  return best_of(expected, [&](const std::string& one) { return words == normal_words(one); });
}

double word_share(std::string_view answer, const std::vector<std::string>& expected) {
  const Words wanted = normal_words(expected.front());
  const Words given = normal_words(answer);
  const std::set<std::string> want(wanted.begin(), wanted.end());
  const std::set<std::string> have(given.begin(), given.end());
  const auto found = std::count_if(want.begin(), want.end(), [&](auto& word) { return have.contains(word); });
  return want.empty() ? 0 : static_cast<double>(found) / static_cast<double>(want.size());
}

double classification(std::string_view answer, const std::vector<std::string>& expected,
                      const std::vector<std::string>& classes) {
  Words named;
  std::copy_if(classes.begin(), classes.end(), std::back_inserter(named),
               [&](const std::string& one) { return has_part(answer, one); });
  return best_of(expected, [&](const std::string& truth) {
    Words left = named;
    // As published: behind a class that is taken out, the next one is not looked at.
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (has_part(truth, left[i]) && left[i] != truth)
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
    }
    const bool right = contains(left, truth);
    return right ? 1.0 / static_cast<double>(left.size()) : 0.0;
  });
}

double number_share(std::string_view answer, const std::vector<std::string>& expected,
                    std::string_view prefix) {
  const Words given = numbers(answer);
  if (given.empty()) return 0;
  return best_of(expected, [&](const std::string& one) {
    const std::string wanted = prefix.empty() ? one : number_behind(one, prefix);
    return static_cast<double>(std::count(given.begin(), given.end(), wanted)) /
           static_cast<double>(given.size());
  });
}

double edit_similarity(std::string_view answer, const std::vector<std::string>& expected) {
  const Words line = characters(first_code_line(answer));
  return best_of(expected, [&](const std::string& one) {
    const Words truth = characters(one);
    const auto total = static_cast<double>(line.size() + truth.size());
    if (total == 0) return 1.0;
    return std::nearbyint(200 * static_cast<double>(common_length(line, truth)) / total) /
           100;  // halves to even
  });
}

double first_integer(std::string_view answer, const std::vector<std::string>& expected) {
  const Words given = numbers(answer);
  return best_of(expected, [&](const std::string& one) { return !given.empty() && given.front() == one; });
}

double among_words(std::string_view answer, const std::vector<std::string>& expected) {
  const Words words = split_words(without(answer, "\n:\"'.,?!{}"));
  return best_of(expected, [&](const std::string& one) { return contains(words, one); });
}

}  // namespace focusllm::eval

#include "eval/rouge.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "eval/metrics.h"

namespace focusllm::eval {
namespace {

using Sentence = std::vector<std::string>;
using Text = std::vector<Sentence>;

constexpr std::size_t kMostPairs = std::size_t{1} << 26;

/// Which of two equally long ways back through the table is taken: the packages differ.
enum class Tie { drop_answer, drop_expected };

/// Lengths of the longest common subsequences of beginnings: (expected.size() + 1) x (answer.size() + 1).
std::vector<std::uint32_t> common_table(const Sentence& expected, const Sentence& answer) {
  const std::size_t width = answer.size() + 1;
  if (width > kMostPairs / (expected.size() + 1)) {
    fail("ROUGE-L of sentences of {} and {} words: too long to be compared", expected.size(), answer.size());
  }
  std::vector<std::uint32_t> table((expected.size() + 1) * width, 0);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t j = 0; j < answer.size(); ++j) {
      table[(i + 1) * width + j + 1] = expected[i] == answer[j]
                                           ? table[i * width + j] + 1
                                           : std::max(table[i * width + j + 1], table[(i + 1) * width + j]);
    }
  }
  return table;
}

/// The places in `expected` of a longest common subsequence.
std::set<std::size_t> common_places(const Sentence& expected, const Sentence& answer, Tie tie) {
  const auto table = common_table(expected, answer);
  const std::size_t width = answer.size() + 1;
  std::set<std::size_t> places;
  std::size_t i = expected.size(), j = answer.size();
  while (i > 0 && j > 0) {
    const std::uint32_t without_expected = table[(i - 1) * width + j];
    const std::uint32_t without_answer = table[i * width + j - 1];
    if (expected[i - 1] == answer[j - 1]) {
      places.insert(--i);
      --j;
    } else if (without_expected > without_answer ||
               (without_expected == without_answer && tie == Tie::drop_expected)) {
      --i;
    } else {
      --j;
    }
  }
  return places;
}

double f1(double common, double expected, double answer) {
  if (common == 0) return 0;
  const double recall = common / expected, precision = common / answer;
  return 2 * precision * recall / (precision + recall);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::set<std::string> different_words(const Text& text) {
  std::set<std::string> words;
  for (const Sentence& sentence : text) words.insert(sentence.begin(), sentence.end());
  return words;
}

/// Package rouge: the different words of all common subsequences, of the different words of each text.
double rouge_l_of(const Text& answer, const Text& expected) {
  std::set<std::string> common;
  for (const Sentence& truth : expected) {
    for (const Sentence& sentence : answer) {
      for (const std::size_t place : common_places(truth, sentence, Tie::drop_answer)) {
        common.insert(truth[place]);
      }
    }
  }
  const auto size = [](const auto& words) { return static_cast<double>(words.size()); };
  return f1(size(common), size(different_words(expected)), size(different_words(answer)));
}

std::map<std::string, int> counts(const Text& text) {
  std::map<std::string, int> counted;
  for (const Sentence& sentence : text) {
    for (const std::string& word : sentence) ++counted[word];
  }
  return counted;
}

/// Package rouge_score: for each expected sentence the union of its common subsequences with all of the
/// answer's; no word is counted more often than it stands in either text.
double rouge_l_sum_of(const Text& answer, const Text& expected) {
  auto left_answer = counts(answer), left_expected = counts(expected);
  double hits = 0;
  for (const Sentence& truth : expected) {
    std::set<std::size_t> places;
    for (const Sentence& sentence : answer) {
      places.merge(common_places(truth, sentence, Tie::drop_expected));
    }
    for (const std::size_t place : places) {
      if (left_answer[truth[place]] <= 0 || left_expected[truth[place]] <= 0) continue;
      --left_answer[truth[place]];
      --left_expected[truth[place]];
      ++hits;
    }
  }
  const auto size = [](const Text& text) {
    double words = 0;
    for (const Sentence& sentence : text) words += static_cast<double>(sentence.size());
    return words;
  };
  return f1(hits, size(expected), size(answer));
}

/// As package rouge: what is nothing but spaces is one empty word.
Text word_sentences(std::string_view text) {
  Text sentences;
  for (const std::string_view part : split(text, '.')) {
    if (part.empty()) continue;
    sentences.push_back(split_words(part));
    if (sentences.back().empty()) sentences.back().emplace_back();
  }
  return sentences;
}

Text character_sentences(std::string_view text) {
  Text sentences;
  for (const std::string_view part : split(text, '.')) {
    Sentence sentence;
    for (const std::string& word : split_words(part)) {
      for (std::string& one : characters(word)) sentence.push_back(std::move(one));
    }
    if (!sentence.empty()) sentences.push_back(std::move(sentence));
  }
  return sentences;
}

Text line_sentences(std::string_view text) {
  Text sentences;
  for (const std::string_view line : split(text, '\n')) {
    std::string plain = lower(line);
    for (char& c : plain) {
      const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      c = kept ? c : ' ';
    }
    if (!line.empty()) sentences.push_back(split_words(plain));
  }
  return sentences;
}

template <typename Split, typename Score>
double best_of(std::string_view answer, const std::vector<std::string>& expected, Split split, Score score) {
  const Text text = split(answer);
  double best = 0;
  for (const std::string& one : expected) best = std::max(best, score(text, split(one)));
  return best;
}

}  // namespace

double rouge_l(std::string_view answer, const std::vector<std::string>& expected) {
  return best_of(answer, expected, word_sentences, rouge_l_of);
}

double rouge_l_characters(std::string_view answer, const std::vector<std::string>& expected) {
  return best_of(answer, expected, character_sentences, rouge_l_of);
}

double rouge_l_sum(std::string_view answer, const std::vector<std::string>& expected) {
  return best_of(answer, expected, line_sentences, rouge_l_sum_of);
}

}  // namespace focusllm::eval

#include <algorithm>

#include <fmt/ranges.h>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

constexpr double kZetaOfTwo =
    1.6449340668482264;  // of alpha, the exponent: frequencies are rank^-2 / zeta(2)
constexpr int kLetters = 6;
constexpr std::int64_t kTokensForEachWord = 50;          // of a prompt, for each word of the vocabulary
constexpr std::int64_t kFrequentWordsAnswerTokens = 50;  // as RULER generates
constexpr std::int64_t kAsked = 3;

/// The text: `count` coded words, more or less. The most frequent "word" is dots.
std::string coded_text(const std::vector<std::string>& vocabulary, std::int64_t count, std::uint64_t seed) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < vocabulary.size(); ++i) {
    const auto rank = static_cast<double>(i + 1);
    const auto times = static_cast<std::size_t>(static_cast<double>(count) / (rank * rank) / kZetaOfTwo);
    words.insert(words.end(), times, vocabulary[i]);
  }
  Chance chance(seed);
  shuffle(chance, words);
  return fmt::format(
      "Read the following coded text and track the frequency of each coded word. Find the three most "
      "frequently appeared coded words. {}\nQuestion: Do not provide any explanation. Please ignore the "
      "dots '....'. What are the three most frequently appeared words in the above coded text? Answer: "
      "According to the coded text above, the three most frequently appeared words are:",
      fmt::join(words, " "));
}

class FrequentWordsTask : public Task {
 public:
  explicit FrequentWordsTask(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string variant() const override { return "zeta, alpha 2.0"; }
  bool has_depth() const override { return false; }
  Prompt make(const Case& which) const override;

 private:
  const Tokenizer& tokenizer_;
};

Prompt FrequentWordsTask::make(const Case& which) const {
  Chance chance(which.seed);
  const std::int64_t size = std::max(which.length / kTokensForEachWord, kAsked + 1);
  auto vocabulary = draw_different(static_cast<std::size_t>(size),
                                   [&] { return draw_letters(chance, kLetters, 'a', 'z'); });
  vocabulary[0] = "...";
  const auto tokens_of = [&](std::int64_t count) {
    return tokenizer_.encode(coded_text(vocabulary, count, which.seed));
  };
  // The last word that is asked for (rank 4) has to come oftener than the next one: twice, not once.
  constexpr std::int64_t kLeastWords = 53;
  const std::int64_t count =
      largest_that_fits(kLeastWords, std::max(which.length, kLeastWords),
                        [&](std::int64_t words) { return std::ssize(tokens_of(words)) <= which.length; });
  if (count < kLeastWords)
    fail("fwe: a prompt of {} tokens has no room for words that differ in frequency", which.length);
  Prompt prompt;
  prompt.tokens = tokens_of(count);
  prompt.expected.assign(vocabulary.begin() + 1, vocabulary.begin() + 1 + kAsked);
  prompt.answer_tokens = kFrequentWordsAnswerTokens;
  prompt.metric = string_match_all;
  return prompt;
}

}  // namespace

std::vector<TaskPointer> frequent_words_tasks(const TaskSetup& setup) {
  return {std::make_shared<const FrequentWordsTask>(setup.tokenizer)};
}

}  // namespace focusllm::eval

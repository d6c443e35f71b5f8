#include <algorithm>

#include <fmt/ranges.h>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/tasks.h"
#include "eval/tasks/words.h"

namespace focusllm::eval {
namespace {

constexpr std::int64_t kCommon = 10;                    // words that are asked for
constexpr std::int64_t kCommonWordsAnswerTokens = 120;  // as RULER generates
constexpr std::int64_t kShort = 4096;                   // tokens: below, RULER repeats words less often

/// How often the common and the other words stand in a list.
struct Repeats {
  int common, others;
};

struct WordList {
  std::int64_t different = 0;
  std::string question;
  std::vector<std::string> common;
};

/// A list of `count` different words of `words`.
WordList draw_list(std::uint64_t seed, std::vector<std::string> words, std::int64_t count,
                   const Repeats& repeats) {
  Chance chance(seed);
  shuffle(chance, words);
  words.resize(static_cast<std::size_t>(count));
  WordList list;
  list.different = count;
  list.common.assign(words.begin(), words.begin() + kCommon);
  std::vector<std::string> all;
  for (const std::string& word : words) {
    const bool common = std::ssize(all) < kCommon * repeats.common;
    all.insert(all.end(), static_cast<std::size_t>(common ? repeats.common : repeats.others), word);
  }
  shuffle(chance, all);
  list.question =
      "Below is a numbered list of words. In these words, some appear more often than others. Memorize "
      "the ones that appear most often.\n";
  for (std::size_t i = 0; i < all.size(); ++i)
    list.question += fmt::format("{}{}. {}", i > 0 ? " " : "", i + 1, all[i]);
  list.question +=
      "\nQuestion: What are the 10 most common words in the above list? Answer: The top 10 words that "
      "appear most often in the list are:";
  return list;
}

class CommonWordsTask : public Task {
 public:
  explicit CommonWordsTask(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string variant() const override { return "10 common words"; }
  bool has_depth() const override { return false; }
  Prompt make(const Case& which) const override;

 private:
  std::vector<Token> example(const Case& which) const;
  std::vector<Token> tokens(const WordList& list) const { return tokenizer_.encode_continued(list.question); }
  WordList largest_list(const Case& which, const std::vector<std::string>& words, std::int64_t room) const;

  const Tokenizer& tokenizer_;
};

bool is_short(const Case& which) {
  return which.length < kShort;
}

/// A solved list, the same for all prompts of a length.
std::vector<Token> CommonWordsTask::example(const Case& which) const {
  const WordList solved = draw_list(which.haystack_seed, all_words(), is_short(which) ? 20 : 40,
                                    is_short(which) ? Repeats{3, 1} : Repeats{10, 3});
  std::string text = solved.question;
  for (std::size_t i = 0; i < solved.common.size(); ++i)
    text += fmt::format(" {}. {}", i + 1, solved.common[i]);
  return tokenizer_.encode(text + "\n");
}

/// The longest list that fits; without words if none does.
WordList CommonWordsTask::largest_list(const Case& which, const std::vector<std::string>& words,
                                       std::int64_t room) const {
  const auto list_of = [&](std::int64_t count) {
    return draw_list(which.seed, words, count, is_short(which) ? Repeats{6, 1} : Repeats{30, 3});
  };
  const std::int64_t count =
      largest_that_fits(kCommon, std::min(std::ssize(words), std::max<std::int64_t>(room, 0)),
                        [&](std::int64_t some) { return std::ssize(tokens(list_of(some))) <= room; });
  return count < kCommon ? WordList{} : list_of(count);
}

Prompt CommonWordsTask::make(const Case& which) const {
  Prompt prompt;
  prompt.tokens = example(which);
  const std::int64_t room = which.length - std::ssize(prompt.tokens);
  WordList list = largest_list(which, all_words(), room);
  if (list.different == std::ssize(all_words())) list = largest_list(which, all_pairs(), room);
  if (list.common.empty())
    fail("cwe: a prompt of {} tokens has no room for an example and a list", which.length);
  append(prompt.tokens, tokens(list));
  prompt.expected = list.common;
  prompt.answer_tokens = kCommonWordsAnswerTokens;
  prompt.metric = string_match_all;
  return prompt;
}

}  // namespace

std::vector<TaskPointer> common_words_tasks(const TaskSetup& setup) {
  return {std::make_shared<const CommonWordsTask>(setup.tokenizer)};
}

}  // namespace focusllm::eval

#include "eval/tasks/tasks.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/calibration/texts.h"
#include "eval/run.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/people.h"
#include "eval/tasks/words.h"
#include "eval/with_tokenizer.h"

namespace focusllm::eval {
namespace {

using testing::HasSubstr;

class Tasks : public WithTokenizer {
 protected:
  Tasks() {
    plan_.layouts = {Layout::focus, Layout::dca};
    plan_.needles = needle_forms();
  }
  std::vector<TaskPointer> tasks(const std::string& name) const {
    return make_tasks(name, *tokenizer_, plan_);
  }
  TaskPointer task(const std::string& name) const { return tasks(name).at(0); }

  Plan plan_;
};

std::size_t differences(const Prompt& a, const Prompt& b) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < std::min(a.tokens.size(), b.tokens.size()); ++i) {
    different += a.tokens[i] != b.tokens[i] ? 1 : 0;
  }
  return different;
}

TEST_F(Tasks, PromptsAreOfTheLengthAndTheSameEveryTime) {
  const std::map<std::string, std::int64_t> unit = {
      {"kv", 160},   {"cwe", 300},       {"fwe", 40},   {"multikey-lines", 140},
      {"facts", 40}, {"paraphrase", 40}, {"absent", 40}};
  for (const std::string& name : generated_tasks()) {
    for (const TaskPointer& task : tasks(name)) {
      for (const std::int64_t length : {1500, 6000}) {
        const Case which{length, 0.3, 17, 4};
        const Prompt prompt = task->make(which);
        EXPECT_LE(std::ssize(prompt.tokens), length) << name;
        EXPECT_GE(std::ssize(prompt.tokens), length - (unit.contains(name) ? unit.at(name) : 0)) << name;
        EXPECT_EQ(task->make(which).tokens, prompt.tokens) << name;
        EXPECT_EQ(prompt.needle.has_value(), task->has_depth()) << name;
        EXPECT_GT(prompt.answer_tokens, 0) << name;
        std::string right;
        for (const std::string& one : prompt.expected) right += " " + one;
        EXPECT_EQ(prompt.metric(right, prompt.expected), 1) << name;
        EXPECT_EQ(prompt.metric("", prompt.expected), 0) << name;
      }
      EXPECT_THROW(task->make({30, 0.3, 17, 4}), Error) << name;
    }
  }
}

TEST(Draw, IsTheSameOnEveryMachine) {
  Chance chance(1);
  EXPECT_EQ(draw_uuid(chance), "8eae8949-000b-453c-91a3-8f74b3ab18a7");
  EXPECT_EQ(draw_number(chance, 7), "5786441");
  EXPECT_EQ(draw_word_pair(chance), "fancy-skirt");
}

TEST_F(Tasks, TrialsShareWhatTheirNeedlesAreNotIn) {
  for (const std::string name : {"needle", "multikey", "multivalue", "multiquery"}) {
    for (const TaskPointer& task : tasks(name)) {
      const Prompt a = task->make({5000, 0.2, 1, 4}), b = task->make({5000, 0.2, 2, 4});
      // The needles of both, and the question behind them.
      EXPECT_LE(differences(a, b), 700U) << name << ", " << task->variant();
      EXPECT_GT(differences(a, b), 5U) << name;
    }
  }
}

std::string text_of(const Prompt& prompt, const Tokenizer& tokenizer) {
  return tokenizer.decode(std::span(prompt.tokens).first(static_cast<std::size_t>(prompt.text_tokens)));
}

TEST_F(Tasks, QuestionsAboutOneTextDifferInNothingElse) {
  for (const std::string name : {"kv", "multikey-lines", "facts", "paraphrase", "absent"}) {
    const Case first{.length = 5000, .depth = 0.2, .seed = 1, .haystack_seed = 4, .text_seed = 5};
    Case second = first;
    second.seed = 2;
    second.depth = 0.7;
    second.question = 3;
    const Prompt a = task(name)->make(first), b = task(name)->make(second);
    EXPECT_TRUE(text_of(a, *tokenizer_) == text_of(b, *tokenizer_)) << name;
    EXPECT_NE(a.question, b.question) << name;
    second.text_seed = 6;
    EXPECT_FALSE(text_of(a, *tokenizer_) == text_of(task(name)->make(second), *tokenizer_)) << name;
  }
}

TEST_F(Tasks, WhatAnAnswerFollowsFromStandsInTheText) {
  for (const std::string& name : generated_tasks()) {
    for (const TaskPointer& one : tasks(name)) {
      for (int question = 0; question < one->questions(); ++question) {
        const Prompt prompt = one->make({3000, 0.5, 17, 4, 5, question});
        const std::string text = text_of(prompt, *tokenizer_);
        for (const std::string& place : prompt.support) EXPECT_EQ(count(text, place), 1) << name << place;
        EXPECT_EQ(prompt.absent, name == "absent");
        EXPECT_EQ(prompt.support.empty() && !prompt.absent, name == "cwe" || name == "fwe") << name;
        EXPECT_EQ(prompt.question.empty(), name == "cwe" || name == "fwe") << name;
      }
    }
  }
}

TEST_F(Tasks, OfFactsTheNamedPersonsIsAskedFor) {
  std::set<std::string> questions;
  for (int question = 0; question < task("facts")->questions(); ++question) {
    const Prompt prompt = task("facts")->make({6000, 0, 3, 4, 5, question});
    ASSERT_EQ(prompt.support.size(), 1U);
    EXPECT_THAT(prompt.support[0], HasSubstr(prompt.expected.at(0)));
    const bool asks_for_its_person =
        std::ranges::any_of(split_words(prompt.support[0]), [&](const auto& word) {
          return std::isupper(static_cast<unsigned char>(word[0])) &&
                 prompt.question.find(word) != std::string::npos;
        });
    EXPECT_TRUE(asks_for_its_person) << prompt.question << " " << prompt.support[0];
    questions.insert(prompt.question);
  }
  EXPECT_EQ(questions.size(), 12U);
}

TEST_F(Tasks, AShortTextHasTheOneThatIsAskedFor) {
  for (int question = 0; question < 12; ++question) {
    const Prompt prompt = task("paraphrase")->make({150, 0, 3, 4, 5, question});
    EXPECT_EQ(count(text_of(prompt, *tokenizer_), prompt.support.at(0)), 1);
  }
}

TEST(Paraphrases, ShareNoWordWithTheirQuestion) {
  const std::set<std::string> common{"a",  "an", "the", "was", "had",   "been", "to",
                                     "as", "in", "of",  "who", "which", "for"};
  for (const Paraphrase& one : paraphrases()) {
    const auto words = split_words(without(lower(one.fact), ".,{0}"));
    for (const std::string& word : split_words(without(lower(one.question), "?")))
      EXPECT_TRUE(common.contains(word) || std::ranges::find(words, word) == words.end()) << one.question;
  }
}

TEST(People, AreNotInWhatModelsAreCalibratedWith) {
  std::string seen;
  for (const calibration::Kind kind : calibration::kKinds) {
    for (const calibration::Passage& passage : calibration::make_text(kind))
      seen += passage.text + passage.question;
  }
  Chance chance(1);
  for (const std::string& name : draw_people(chance, 32)) {
    for (const std::string& word : split_words(name)) EXPECT_EQ(seen.find(word), std::string::npos) << word;
  }
  for (const Paraphrase& one : paraphrases())
    EXPECT_EQ(seen.find(one.question), std::string::npos) << one.question;
}

TEST_F(Tasks, VariablesGoOverSoManyHops) {
  plan_.hops = 2;
  EXPECT_EQ(task("vt")->make({2000, 0, 3, 4}).expected.size(), 3U);
  EXPECT_THAT(task("vt")->variant(), HasSubstr("2 hops"));
}

TEST_F(Tasks, NeedlesStandAtTheirDepth) {
  for (const std::string name : {"needle", "kv"}) {
    for (const TaskPointer& task : tasks(name)) {
      for (const double depth : {0.0, 0.5, 1.0}) {
        const Prompt prompt = task->make({6000, depth, 3, 4});
        EXPECT_NEAR(static_cast<double>(*prompt.needle) / 6000, depth, 0.04) << task->variant();
      }
    }
  }
}

TEST_F(Tasks, KvAsksForOnePairOfAJsonObject) {
  const Prompt prompt = task("kv")->make({2000, 0.5, 3, 4});
  const std::string words = text(prompt);
  std::smatch match;
  ASSERT_TRUE(std::regex_search(
      words, match,
      std::regex("Key: \"([0-9a-f-]{36})\"\nThe value associated with the specified key is:$")));
  const auto begin = words.find('{');
  const auto object = nlohmann::json::parse(words.substr(begin, words.find('}') + 1 - begin));
  EXPECT_GT(object.size(), 15U);
  EXPECT_EQ(object.at(match[1].str()), prompt.expected.at(0));
}

TEST_F(Tasks, NeedlesAreRulers) {
  const auto all = tasks("needle");
  ASSERT_EQ(all.size(), 4U);
  const Prompt number = all[1]->make({1000, 0.5, 3, 4});
  const std::string words = text(number);
  std::smatch match;
  ASSERT_TRUE(std::regex_search(
      words, match,
      std::regex("\nOne of the special magic numbers for ([a-z]+-[a-z]+) is: ([0-9]{7})\\.\n")));
  EXPECT_EQ(match[2].str(), number.expected.at(0));
  EXPECT_TRUE(words.starts_with(
      "A special magic number is hidden within the following text. Make sure to memorize it. I will "
      "quiz you about the number afterwards.\n"));
  const std::string key = match[1].str();
  EXPECT_TRUE(words.ends_with("\nWhat is the special magic number for " + key +
                              " mentioned in the provided text? The special magic number for " + key +
                              " mentioned in the provided text is"));
  EXPECT_THAT(text(all[0]->make({1000, 0.5, 3, 4})),
              HasSubstr("eat a sandwich and sit in Dolores Park on a sunny day.\n"));
  EXPECT_THAT(text(all[3]->make({1000, 0.5, 3, 4})), HasSubstr("magic uuids for "));
}

TEST_F(Tasks, SeveralNeedlesAreAllThere) {
  const Prompt values = task("multivalue")->make({1500, 0, 3, 4});
  EXPECT_EQ(std::set<std::string>(values.expected.begin(), values.expected.end()).size(), 4U);
  for (const std::string& value : values.expected) EXPECT_EQ(count(text(values), " is: " + value + ".\n"), 1);
  EXPECT_THAT(text(values), HasSubstr("What are all the special magic numbers for "));
  const Prompt keys = task("multikey")->make({1500, 0, 3, 4});
  EXPECT_EQ(count(text(keys), "One of the special magic numbers for "), 4);
  EXPECT_EQ(keys.expected.size(), 1U);
  const Prompt queries = task("multiquery")->make({1500, 0, 3, 4});
  EXPECT_EQ(queries.expected.size(), 4U);
  EXPECT_THAT(text(queries), HasSubstr(", and "));
  EXPECT_EQ(queries.metric(queries.expected[0] + " " + queries.expected[2], queries.expected), 0.5);
}

TEST_F(Tasks, VariablesFollowFromEachOther) {
  const Prompt prompt = task("vt")->make({2000, 0, 3, 4});
  std::string words = text(prompt);
  const std::string task =
      "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n";
  EXPECT_EQ(count(words, task), 2);  // behind an example
  words = words.substr(words.rfind(task));
  ASSERT_EQ(prompt.expected.size(), 5U);
  std::smatch match;
  ASSERT_TRUE(std::regex_search(words, match, std::regex("VAR " + prompt.expected[0] + " = ([0-9]{5})\n")));
  std::size_t last = static_cast<std::size_t>(match.position());
  for (std::size_t i = 1; i < 5; ++i) {
    const std::size_t at =
        words.find("\nVAR " + prompt.expected[i] + " = VAR " + prompt.expected[i - 1] + " \n");
    ASSERT_NE(at, std::string::npos) << words;
    EXPECT_GT(at, last);
    last = at;
  }
  EXPECT_TRUE(words.ends_with("5 variables are assigned the value " + match[1].str() + ", they are:"));
  // A document has no solved example in front.
  const std::string document = tokenizer_->decode(prompt.text());
  EXPECT_EQ(document, words.substr(0, document.size()));
  EXPECT_EQ(words.substr(document.size()).rfind("\nQuestion: Find all variables", 0), 0U);
  EXPECT_THAT(this->task("vt")->chat_variant(), HasSubstr("without example"));
}

std::map<std::string, int> word_counts(const std::string& words) {
  std::map<std::string, int> counted;
  std::istringstream stream(words);
  for (std::string word; stream >> word;) ++counted[word];
  return counted;
}

TEST_F(Tasks, CommonWordsComeThirtyTimes) {
  for (const std::int64_t length : {6000, 40000}) {
    const Prompt prompt = task("cwe")->make({length, 0, 3, 4});
    std::string words = text(prompt);
    words = words.substr(words.rfind("Below is a numbered list"));
    words = words.substr(words.find('\n'), words.find("\nQuestion") - words.find('\n'));
    auto counted = word_counts(words);
    ASSERT_EQ(prompt.expected.size(), 10U);
    for (const std::string& word : prompt.expected) {
      EXPECT_EQ(counted[word], 30) << word;
      counted.erase(word);
    }
    for (const auto& [word, times] : counted) EXPECT_EQ(times, word.ends_with('.') ? 1 : 3) << word;
    EXPECT_EQ(prompt.expected[0].find('-') != std::string::npos,
              length > 30000);  // pairs where words are too few
  }
}

TEST_F(Tasks, FrequentWordsFollowAZetaLaw) {
  const Prompt prompt = task("fwe")->make({6000, 0, 3, 4});
  std::string words = text(prompt);
  words = words.substr(words.find("coded words. ") + 13);
  auto counted = word_counts(words.substr(0, words.find("\nQuestion")));
  const double first = counted["..."];
  ASSERT_EQ(prompt.expected.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto rank = static_cast<double>(i + 2);
    EXPECT_NEAR(counted[prompt.expected[i]], first / (rank * rank), 1) << i;
  }
  std::vector<int> times;
  for (const auto& [word, count] : counted) times.push_back(count);
  std::sort(times.rbegin(), times.rend());
  EXPECT_GT(times[3], times[4]);
}

TEST_F(Tasks, ThePublishedFillerIsOfAnyLength) {
  for (const std::string name : {"passkey", "vt"}) {
    EXPECT_EQ(task(name)->make({200000, 0.99, 17, 4}).tokens.size(), 200000U);
  }
}

TEST_F(Tasks, AFileIsTheHaystack) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "word" + std::to_string(i) + " ";
  plan_.texts = {{"a.txt", text}};
  const Prompt a = task("multiquery")->make({3000, 0, 1, 4}), b = task("multiquery")->make({3000, 0, 2, 4});
  EXPECT_EQ(a.tokens.size(), 3000U);
  EXPECT_LE(differences(a, b), 500U);
  EXPECT_THAT(this->text(a), HasSubstr("word0 word1 "));
}

TEST_F(Tasks, AShortFileIsNoHaystack) {
  plan_.texts = {{"short.txt", "Once upon a time."}};
  EXPECT_THROW(task("needle")->make({1000, 0.5, 3, 4}), Error);
  EXPECT_THAT(task("needle")->variant(), HasSubstr("filler short.txt"));
}

TEST_F(Tasks, WrongNamesListWhatThereIs) {
  EXPECT_THROW(tasks("sing"), UsageError);
  plan_.needles = {"thread"};
  EXPECT_THROW(tasks("needle"), UsageError);
}

TEST(Words, AreDifferentAndNoneIsPartOfAnother) {
  const auto& words = all_words();
  EXPECT_GT(words.size(), 700U);
  for (const std::string& a : words) {
    for (const std::string& b : words)
      EXPECT_TRUE(&a == &b || a.find(b) == std::string::npos) << a << " " << b;
  }
  EXPECT_EQ(std::set<std::string>(all_pairs().begin(), all_pairs().end()).size(), all_pairs().size());
}

TEST(Draw, ShufflesAndFinds) {
  Chance chance(1);
  std::vector<int> items{1, 2, 3, 4, 5, 6, 7, 8};
  shuffle(chance, items);
  EXPECT_NE(items, (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_THAT(items, testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(largest_that_fits(1, 100, [](auto n) { return n <= 37; }), 37);
  EXPECT_EQ(largest_that_fits(1, 100, [](auto) { return true; }), 100);
  EXPECT_EQ(largest_that_fits(1, 100, [](auto) { return false; }), 0);
}

}  // namespace
}  // namespace focusllm::eval

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/magic.h"
#include "eval/tasks/tasks.h"
#include "eval/tasks/words.h"

namespace focusllm::eval {
namespace {

constexpr std::int64_t kCityTokens = 50;
constexpr std::int64_t kJitter = 100;  // of a place, in 1/10000 of the haystack

/// The needle of G. Kamradt's test, in the prompt of Fu et al. (arXiv 2402.10171).
class CityTask : public Task {
 public:
  explicit CityTask(std::shared_ptr<const Haystack> haystack) : haystack_(std::move(haystack)) {}
  std::string variant() const override { return "city, " + haystack_->name(); }
  bool has_depth() const override { return true; }
  Prompt make(const Case& which) const override {
    // The words are always the same, so trials differ a little in the place.
    Chance chance(which.seed);
    const auto depth = static_cast<std::int64_t>(std::llround(which.depth * 1e4));
    const auto place = chance.between(std::max<std::int64_t>(depth - kJitter, 0),
                                      std::min<std::int64_t>(depth + kJitter, 10000));
    Prompt prompt =
        hide(*haystack_,
             {haystack_->tokenizer().encode("This is a very long story book: <book> "),
              " </book>.\nBased on the content of the book, Question: What is the best thing to do in San "
              "Francisco?\nAnswer:",
              {"The best thing to do in San Francisco is eat a sandwich and sit in Dolores Park on a "
               "sunny day."},
              {static_cast<double>(place) / 1e4},
              "Based on the content of the book: What is the best thing to do in San Francisco?"},
             which.length);
    prompt.expected = {"eat a sandwich and sit in Dolores Park on a sunny day"};
    prompt.answer_tokens = kCityTokens;
    prompt.metric = word_share;
    return prompt;
  }

 private:
  std::shared_ptr<const Haystack> haystack_;
};

/// RULER's needles: of how many keys with how many values each, how many keys are asked for.
struct Needles {
  std::string values = "numbers";  ///< numbers, words or uuids
  std::size_t keys = 1, values_each = 1, asked = 1;
  bool several() const { return keys > 1 || values_each > 1; }
};

class NeedlesTask : public Task {
 public:
  NeedlesTask(std::shared_ptr<const Haystack> haystack, Needles needles)
      : haystack_(std::move(haystack)), needles_(std::move(needles)) {}
  std::string variant() const override { return needles_.values + ", " + haystack_->name(); }
  bool has_depth() const override { return !needles_.several(); }
  Prompt make(const Case& which) const override;

 private:
  std::shared_ptr<const Haystack> haystack_;
  Needles needles_;
};

Prompt NeedlesTask::make(const Case& which) const {
  Chance chance(which.seed);
  std::vector<std::string> keys = draw_different(needles_.keys, [&] { return draw_word_pair(chance); });
  const auto values = draw_different(needles_.keys * needles_.values_each,
                                     [&] { return draw_magic_value(chance, needles_.values); });
  Hidden hidden;
  std::vector<std::string> expected, support;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t key = i / needles_.values_each;
    hidden.lines.push_back(magic_line(needles_.values, keys[key], values[i]));
    if (key >= needles_.asked) continue;
    expected.push_back(values[i]);
    support.push_back(hidden.lines.back());
  }
  shuffle(chance, hidden.lines);
  hidden.places = needles_.several() ? draw_places(chance, values.size()) : std::vector<double>{which.depth};
  keys.resize(needles_.asked);
  const MagicWords words = magic_words(needles_.values, keys, needles_.values_each);
  hidden.before = haystack_->tokenizer().encode(words.before);
  hidden.question = words.question;
  hidden.after = fmt::format("\n{} {}", words.question, words.answer);
  Prompt prompt = hide(*haystack_, hidden, which.length);
  if (needles_.several()) prompt.needle.reset();
  prompt.expected = std::move(expected);
  prompt.support = std::move(support);
  prompt.answer_tokens = kMagicAnswerTokens;
  prompt.metric = string_match_all;
  return prompt;
}

std::vector<TaskPointer> in_each_haystack(const TaskSetup& setup, const Needles& needles) {
  std::vector<TaskPointer> tasks;
  for (const auto& haystack : setup.haystacks)
    tasks.push_back(std::make_shared<const NeedlesTask>(haystack, needles));
  return tasks;
}

}  // namespace

const std::vector<std::string>& needle_forms() {
  static const std::vector<std::string> kForms{"city", "numbers", "words", "uuids"};
  return kForms;
}

void check_needle_forms(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::find(needle_forms().begin(), needle_forms().end(), name) != needle_forms().end()) continue;
    throw UsageError(fmt::format("'{}' is no needle: there are {}", name, fmt::join(needle_forms(), ", ")));
  }
}

std::vector<TaskPointer> needle_tasks(const TaskSetup& setup) {
  check_needle_forms(setup.plan.needles);
  std::vector<TaskPointer> tasks;
  for (const std::string& form : setup.plan.needles) {
    if (form == "city") {
      for (const auto& haystack : setup.haystacks)
        tasks.push_back(std::make_shared<const CityTask>(haystack));
      continue;
    }
    for (const TaskPointer& task : in_each_haystack(setup, {form, 1, 1, 1})) tasks.push_back(task);
  }
  return tasks;
}

std::vector<TaskPointer> multikey_tasks(const TaskSetup& setup) {
  return in_each_haystack(setup, {"numbers", 4, 1, 1});
}

std::vector<TaskPointer> multivalue_tasks(const TaskSetup& setup) {
  return in_each_haystack(setup, {"numbers", 1, 4, 1});
}

std::vector<TaskPointer> multiquery_tasks(const TaskSetup& setup) {
  return in_each_haystack(setup, {"numbers", 4, 1, 4});
}

}  // namespace focusllm::eval

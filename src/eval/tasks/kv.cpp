#include <cmath>

#include "base/error.h"
#include "eval/tasks/draw.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

constexpr const char* kBeforeRecords =
    "Extract the value corresponding to the specified key in the JSON object below.\n\nJSON data:\n{";
constexpr const char* kBehind = "}\n\n\nKey: \"";
// Published with a space at the end, a token that no word would follow.
constexpr const char* kQuestion = "\"\nThe value associated with the specified key is:";
constexpr std::int64_t kKeyTokens = 40;       // at most, of the key in the question
constexpr std::int64_t kKvAnswerTokens = 50;  // as InfiniteBench generates

struct Pair {
  std::string key, value;
};

Pair draw_pair(Chance& chance) {
  std::string key = draw_uuid(chance);
  return {std::move(key), draw_uuid(chance)};
}

std::string record(const Pair& pair, bool first) {
  return fmt::format("{}\"{}\": \"{}\"", first ? "" : ", ", pair.key, pair.value);
}

/// The prompts of one trial differ in the pair that is asked for alone: its text is read once.
class KvTask : public Task {
 public:
  explicit KvTask(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string variant() const override { return "JSON of UUIDs, one for each trial"; }
  bool has_depth() const override { return true; }
  Prompt make(const Case& which) const override;

 private:
  const Tokenizer& tokenizer_;
};

Prompt KvTask::make(const Case& which) const {
  Prompt prompt;
  prompt.tokens = tokenizer_.encode(kBeforeRecords);
  std::int64_t room = which.length - std::ssize(prompt.tokens) - kKeyTokens -
                      std::ssize(tokenizer_.encode_continued(std::string(kBehind) + kQuestion));
  Chance chance(which.text_seed);
  std::vector<Pair> pairs;
  std::vector<std::int64_t> places;
  while (true) {
    Pair pair = draw_pair(chance);
    const auto tokens = tokenizer_.encode_continued(record(pair, pairs.empty()));
    room -= std::ssize(tokens);
    if (room < 0) break;
    places.push_back(std::ssize(prompt.tokens));
    append(prompt.tokens, tokens);
    pairs.push_back(std::move(pair));
  }
  if (pairs.empty()) fail("kv: a prompt of {} tokens has no room for a key and a value", which.length);
  const auto index =
      static_cast<std::size_t>(std::llround(which.depth * static_cast<double>(pairs.size() - 1)));
  const Pair& asked = pairs[index];
  prompt.needle = places[index];
  prompt.text_tokens = std::ssize(prompt.tokens);
  append(prompt.tokens, tokenizer_.encode_continued(kBehind + asked.key + kQuestion));
  prompt.question = fmt::format("What is the value of the key \"{}\"?", asked.key);
  prompt.support = {record(asked, true)};
  prompt.expected = {asked.value};
  prompt.answer_tokens = kKvAnswerTokens;
  prompt.metric = among_words;
  return prompt;
}

}  // namespace

std::vector<TaskPointer> kv_tasks(const TaskSetup& setup) {
  return {std::make_shared<const KvTask>(setup.tokenizer)};
}

}  // namespace focusllm::eval

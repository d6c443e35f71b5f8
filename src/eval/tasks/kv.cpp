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
constexpr int kTries = 4096;                  // for a pair of as many tokens as another

struct Pair {
  std::string key, value;
};

Pair draw_pair(Chance& chance) {
  std::string key = draw_uuid(chance);
  return {std::move(key), draw_uuid(chance)};
}

/// Keys and values are the same for all prompts of a length; the pair that is asked for takes the place of
/// one of as many tokens.
class KvTask : public Task {
 public:
  explicit KvTask(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string variant() const override { return "JSON of UUIDs"; }
  bool has_depth() const override { return true; }
  Prompt make(const Case& which) const override;

 private:
  using Tokens = std::vector<Token>;
  Tokens record(const Pair& pair, bool first) const {
    return tokenizer_.encode_continued(
        fmt::format("{}\"{}\": \"{}\"", first ? "" : ", ", pair.key, pair.value));
  }
  Pair draw_of_size(Chance& chance, std::size_t tokens, bool first) const;

  const Tokenizer& tokenizer_;
};

Pair KvTask::draw_of_size(Chance& chance, std::size_t tokens, bool first) const {
  for (int i = 0; i < kTries; ++i) {
    Pair pair = draw_pair(chance);
    if (record(pair, first).size() == tokens) return pair;
  }
  fail("kv: no pair of UUIDs has {} tokens", tokens);
}

Prompt KvTask::make(const Case& which) const {
  Prompt prompt;
  prompt.tokens = tokenizer_.encode(kBeforeRecords);
  std::int64_t room = which.length - std::ssize(prompt.tokens) - kKeyTokens -
                      std::ssize(tokenizer_.encode_continued(std::string(kBehind) + kQuestion));
  Chance haystack(which.haystack_seed);
  std::vector<Tokens> records;
  for (Tokens next; next = record(draw_pair(haystack), records.empty()), std::ssize(next) <= room;) {
    room -= std::ssize(next);
    records.push_back(std::move(next));
  }
  if (records.empty()) fail("kv: a prompt of {} tokens has no room for a key and a value", which.length);
  const auto index =
      static_cast<std::size_t>(std::llround(which.depth * static_cast<double>(records.size() - 1)));
  Chance chance(which.seed);
  const Pair asked = draw_of_size(chance, records[index].size(), index == 0);
  records[index] = record(asked, index == 0);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i == index) prompt.needle = std::ssize(prompt.tokens);
    append(prompt.tokens, records[i]);
  }
  append(prompt.tokens, tokenizer_.encode_continued(kBehind + asked.key + kQuestion));
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

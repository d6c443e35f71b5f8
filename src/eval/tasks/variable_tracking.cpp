#include <fmt/ranges.h>

#include "eval/tasks/draw.h"
#include "eval/tasks/tasks.h"

namespace focusllm::eval {
namespace {

constexpr int kNameLetters = 5, kExampleNameLetters = 3;
constexpr std::int64_t kExampleTokens = 500;        // at most, of RULER's example
constexpr std::int64_t kTrackingAnswerTokens = 30;  // as RULER generates

constexpr const char* kBeforeChains =
    "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n";

/// A value, and the variables that get it one from the other.
struct Chain {
  std::string value;
  std::vector<std::string> names;
};

Chain draw_chain(Chance& chance, int letters, std::size_t hops) {
  Chain chain{std::to_string(chance.between(10000, 99998)), {}};
  chain.names = draw_different(hops + 1, [&] { return draw_letters(chance, letters, 'A', 'Z'); });
  return chain;
}

/// before: tokens in front of the task.
Hidden hidden_chain(const Tokenizer& tokenizer, std::vector<Token> before, Chance& chance,
                    const Chain& chain) {
  append(before,
         before.empty() ? tokenizer.encode(kBeforeChains) : tokenizer.encode_continued(kBeforeChains));
  Hidden hidden{std::move(before), {}, {fmt::format("VAR {} = {}", chain.names[0], chain.value)}, {}};
  for (std::size_t i = 1; i < chain.names.size(); ++i) {
    hidden.lines.push_back(fmt::format("VAR {} = VAR {} ", chain.names[i], chain.names[i - 1]));
  }
  hidden.places = draw_places(chance, hidden.lines.size());
  // Published with a space at the end, a token that no word would follow.
  hidden.question =
      fmt::format("Find all variables that are assigned the value {} in the text above.", chain.value);
  hidden.after = fmt::format(
      "\nQuestion: {} Answer: According to the chain(s) of variable assignment in the text above, {} "
      "variables are assigned the value {}, they are:",
      hidden.question, chain.names.size(), chain.value);
  return hidden;
}

/// One chain among filler, behind a solved example that is the same for all prompts of a length. Assignments
/// stand in their order.
class VariableTrackingTask : public Task {
 public:
  VariableTrackingTask(std::shared_ptr<const Haystack> haystack, std::size_t hops)
      : haystack_(std::move(haystack)), hops_(hops) {}
  std::string variant() const override {
    return fmt::format("1 chain, {} hops, {}", hops_, haystack_->name());
  }
  std::string chat_variant() const override { return variant() + ", chat without example"; }
  bool has_depth() const override { return false; }
  Prompt make(const Case& which) const override {
    Chance chance(which.seed), same(which.haystack_seed);
    const Chain chain = draw_chain(chance, kNameLetters, hops_);
    const Chain solved = draw_chain(same, kExampleNameLetters, hops_);
    const Tokenizer& tokenizer = haystack_->tokenizer();
    const auto answer = tokenizer.encode_continued(fmt::format(" {}\n\n", fmt::join(solved.names, " ")));
    Prompt example =
        hide(*haystack_, hidden_chain(tokenizer, {}, same, solved), kExampleTokens - std::ssize(answer));
    append(example.tokens, answer);
    Prompt prompt = hide(*haystack_, hidden_chain(tokenizer, example.tokens, chance, chain), which.length);
    prompt.example_tokens = std::ssize(example.tokens);
    prompt.needle.reset();
    prompt.expected = chain.names;
    prompt.answer_tokens = kTrackingAnswerTokens;
    prompt.metric = string_match_all;
    return prompt;
  }

 private:
  std::shared_ptr<const Haystack> haystack_;
  std::size_t hops_;
};

}  // namespace

std::vector<TaskPointer> variable_tracking_tasks(const TaskSetup& setup) {
  std::vector<TaskPointer> tasks;
  const auto hops = static_cast<std::size_t>(setup.plan.hops);
  for (const auto& haystack : setup.haystacks)
    tasks.push_back(std::make_shared<const VariableTrackingTask>(haystack, hops));
  return tasks;
}

}  // namespace focusllm::eval

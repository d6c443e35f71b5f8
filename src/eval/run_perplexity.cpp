#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/error.h"
#include "eval/measurements.h"
#include "focusllm/scores.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using Clock = std::chrono::steady_clock;
using EnginePointer = std::shared_ptr<const Engine>;
using Texts = std::shared_ptr<const std::vector<std::vector<Token>>>;

/// The tokens of a window: some memory, the local window and what is predicted.
struct Window {
  std::string name;
  std::size_t text = 0;
  std::int64_t end = 0;  ///< token after the last predicted one
};

/// The one that memory comes from, where it is not the window's own.
std::size_t other_text(const Window& window, std::size_t texts) {
  return (window.text + 1) % texts;
}

std::vector<std::vector<Token>> tokenize_all(const Engine& engine, const std::vector<NamedText>& texts) {
  std::vector<std::vector<Token>> all;
  for (const NamedText& text : texts) all.push_back(engine.tokenizer().encode(text.text));
  return all;
}

/// What a window needs whose memory is the longest that a text of so many tokens has room for.
std::int64_t window_size(const Plan& plan, std::int64_t tokens) {
  std::int64_t longest = 0;
  for (const std::int64_t length : plan.lengths)
    if (length + plan.local + plan.scored <= tokens) longest = std::max(longest, length);
  return longest + plan.local + plan.scored;
}

std::vector<Window> windows_of(const Plan& plan, const std::vector<std::vector<Token>>& texts) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::int64_t least = window_size(plan, std::ssize(texts[i]));
    const std::int64_t spare = std::max<std::int64_t>(std::ssize(texts[i]) - least, 0);
    for (int trial = 0; trial < plan.trials; ++trial) {
      const std::int64_t end = least + spare * (trial + 1) / (plan.trials + 1);
      windows.push_back({fmt::format("{} to {}", plan.texts[i].label(), end), i, end});
    }
  }
  return windows;
}

/// Throws Error unless a text has as many tokens as are needed.
void check_length(const Plan& plan, std::size_t text, const std::vector<std::vector<Token>>& texts,
                  std::int64_t needed) {
  if (std::ssize(texts[text]) >= needed) return;
  fail("{}: has {} tokens; a window with this memory needs {}: give a longer text or shorter lengths",
       plan.texts[text].name, texts[text].size(), needed);
}

std::vector<Token> window_tokens(const Engine& engine, const Plan& plan, const Window& window,
                                 const std::vector<std::vector<Token>>& texts, std::int64_t memory,
                                 bool own) {
  std::vector<Token> tokens;
  if (engine.tokenizer().adds_bos() && engine.tokenizer().bos()) tokens.push_back(*engine.tokenizer().bos());
  const std::int64_t begin = window.end - plan.scored - plan.local;
  const std::size_t source = own ? window.text : other_text(window, texts.size());
  check_length(plan, window.text, texts, plan.local + plan.scored + (own ? memory : 0));
  check_length(plan, source, texts, memory);
  const auto& from = texts[source];
  const std::int64_t last = own ? begin : std::min(std::ssize(from), std::max(begin, memory));
  tokens.insert(tokens.end(), from.begin() + (last - memory), from.begin() + last);
  const auto& text = texts[window.text];
  tokens.insert(tokens.end(), text.begin() + begin, text.begin() + window.end);
  return tokens;
}

/// The memory before a window.
struct Memory {
  std::int64_t tokens = 0;
  bool own = true;

  std::string name() const {
    return tokens == 0 ? report::kNoMemory : own ? "own memory" : "memory of another text";
  }
};

std::vector<Memory> memories_of(const Plan& plan, std::size_t texts) {
  std::vector<Memory> memories;
  for (const std::int64_t tokens : plan.lengths) {
    memories.push_back({tokens, true});
    if (tokens > 0 && texts > 1) memories.push_back({tokens, false});
  }
  return memories;
}

Measurement measurement_of(const EnginePointer& engine, const Plan& plan, const ContextOptions& options,
                           const Texts& texts, const Window& window, const Memory& memory,
                           const CancelToken& cancel, const Reporter& reporter) {
  Json identity = {{"task", "perplexity"},  {"variant", memory.name()}, {"length", memory.tokens},
                   {"window", window.name}, {"scored", plan.scored},    {"before", plan.local}};
  if (!memory.own) identity["memory"] = plan.texts[other_text(window, texts->size())].label();
  identity.update(identity_of(*engine, options));
  return {std::move(identity),
          [=, &plan, &cancel, &reporter] {
            const auto start = Clock::now();
            const auto tokens = window_tokens(*engine, plan, window, *texts, memory.tokens, memory.own);
            const auto scores =
                log_probabilities(*engine, tokens, plan.scored, options, cancel,
                                  [&reporter](const Progress& now) { reporter.reading(now); });
            const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
            return Json{{"nll", -sum / static_cast<double>(scores.size())},
                        {"seconds", std::chrono::duration<double>(Clock::now() - start).count()}};
          },
          static_cast<double>(memory.tokens + plan.local + plan.scored)};
}

}  // namespace

void run_perplexity(const std::shared_ptr<const Engine>& engine, const Plan& plan, Results& results,
                    const CancelToken& cancel, const EvalProgress& progress) {
  if (plan.texts.empty()) throw UsageError("perplexity: give texts to predict with -f FILE");
  const auto texts =
      std::make_shared<const std::vector<std::vector<Token>>>(tokenize_all(*engine, plan.texts));
  const auto windows = windows_of(plan, *texts);
  const auto memories = memories_of(plan, texts->size());
  std::vector<Measurement> all;
  Plan with_window = plan;
  for (ContextOptions& options : with_window.methods)
    if (method_info(options.method).sees_ahead && options.local == 0) options.local = plan.local;
  Reporter reporter(progress);
  for (const ContextOptions& options : methods_with_store(*engine, with_window)) {
    for (const Window& window : windows) {
      for (const Memory& memory : memories) {
        all.push_back(measurement_of(engine, plan, options, texts, window, memory, cancel, reporter));
      }
    }
  }
  run_all(all, results, cancel, reporter);
}

}  // namespace focusllm::eval

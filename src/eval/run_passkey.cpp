#include "base/error.h"
#include "eval/measurements.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using EnginePointer = std::shared_ptr<const Engine>;

std::string layout_name(PasskeyTask::Layout layout) {
  return layout == PasskeyTask::Layout::focus ? "focus" : "dca";
}

/// The same for every length, depth and trial on every machine (FNV-1a over the numbers).
std::uint64_t case_seed(std::uint64_t seed, std::int64_t length, double depth, int trial) {
  std::uint64_t hash = 14695981039346656037U;
  for (const std::uint64_t part :
       {seed, static_cast<std::uint64_t>(length), static_cast<std::uint64_t>(depth * 1000),
        static_cast<std::uint64_t>(trial)}) {
    hash = (hash ^ part) * 1099511628211U;
  }
  return hash ^ (hash >> 29);
}

/// A session that a CancelToken of the caller stops.
struct CancellableSession {
  CancellableSession(std::shared_ptr<const Engine> engine, const ContextOptions& context,
                     const CancelToken& cancel)
      : session(std::move(engine), options(context, cancel)) {}
  static Session::Options options(const ContextOptions& context, const CancelToken& cancel) {
    Session::Options options;
    options.context = context;
    options.raw = true;
    options.on_progress = [&cancel](const Progress&) { cancel.check(); };
    return options;
  }
  Session session;
};

Json ask_passkey(const EnginePointer& engine, const PasskeyPrompt& prompt, const ContextOptions& options,
                 const CancelToken& cancel) {
  CancellableSession session(engine, options, cancel);
  session.session.expect(std::ssize(prompt.tokens));
  session.session.read_tokens(prompt.tokens);
  AskOptions ask;
  ask.max_tokens = std::ssize(engine->tokenizer().encode(" " + prompt.key)) + 2;
  ask.on_token = [&cancel](const GeneratedToken&) { return !cancel.cancelled(); };
  const Answer answer = session.session.ask("", ask);
  cancel.check();
  const Timings& time = answer.timings;
  return {{"right", answers(answer.text, prompt.key)},
          {"key", prompt.key},
          {"answer", answer.text},
          {"tokens", time.prompt_tokens},
          {"needle", prompt.needle},
          {"read_seconds", time.read_seconds},
          {"first_token_seconds", time.first_token_seconds},
          {"generated_tokens", time.generated_tokens},
          {"generate_seconds", time.generate_seconds},
          {"memory_bytes", session.session.memory_bytes()}};
}

std::string passkey_variant(const Plan& plan, PasskeyTask::Layout layout, const std::string& haystack) {
  std::string name =
      layout_name(layout) + " layout, " + (haystack.empty() ? "published filler" : "filler " + haystack);
  if (plan.distractors > 0) name += fmt::format(", {} other keys", plan.distractors);
  return name;
}

/// One line of the grid: a prompt maker and a method.
struct Line {
  std::shared_ptr<const PasskeyMaker> maker;
  ContextOptions options;
  Json identity;
};

std::vector<Line> lines_of(const EnginePointer& engine, const Plan& plan) {
  std::vector<NamedText> haystacks = plan.texts;
  if (haystacks.empty()) haystacks.push_back({});
  const auto methods = methods_with_store(plan);
  std::vector<Line> lines;
  for (const auto layout : plan.layouts) {
    for (const NamedText& haystack : haystacks) {
      const auto maker = std::make_shared<const PasskeyMaker>(
          engine->tokenizer(), PasskeyTask{layout, haystack.text, plan.distractors});
      for (const ContextOptions& options : methods) {
        Json identity = {{"task", "passkey"}, {"variant", passkey_variant(plan, layout, haystack.name)}};
        identity.update(identity_of(*engine, options));
        lines.push_back({maker, options, std::move(identity)});
      }
    }
  }
  return lines;
}

void add_cell(const EnginePointer& engine, const Plan& plan, const Line& line, std::int64_t length,
              double depth, const CancelToken& cancel, std::vector<Measurement>& all) {
  for (int trial = 0; trial < plan.trials; ++trial) {
    Json identity = line.identity;
    identity.update(Json{{"length", length}, {"depth", depth}, {"trial", trial}, {"seed", plan.seed}});
    const std::uint64_t seed = case_seed(plan.seed, length, depth, trial);
    all.push_back({std::move(identity), [engine, line, length, depth, seed, &cancel] {
                     return ask_passkey(engine, line.maker->make(length, depth / 100, seed), line.options,
                                        cancel);
                   }});
  }
}

}  // namespace

void run_passkey(const std::shared_ptr<const Engine>& engine, const Plan& plan, Results& results,
                 const CancelToken& cancel, const EvalProgress& progress) {
  std::vector<Measurement> all;
  for (const Line& line : lines_of(engine, plan)) {
    for (const std::int64_t length : plan.lengths) {
      for (const double depth : plan.depths) add_cell(engine, plan, line, length, depth, cancel, all);
    }
  }
  run_all(all, results, cancel, progress);
}

}  // namespace focusllm::eval

#include "eval/run.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "base/cpu.h"
#include "base/error.h"
#include "base/memory.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using Clock = std::chrono::steady_clock;

constexpr double kStoreShare = 0.25;  // of the free memory, for chunks that prompts have in common

/// One measurement: what it is, and how to make it.
struct Measurement {
  Json identity;
  std::function<Json()> measure;
};

std::string layout_name(PasskeyTask::Layout layout) {
  return layout == PasskeyTask::Layout::focus ? "focus" : "dca";
}

std::string kv_name(const ContextOptions& options) {
  if (!options.kv_type) return "auto";
  return *options.kv_type == attention::KvType::int8 ? "int8" : "bf16";
}

Json identity_of(const Engine& engine, const ContextOptions& options) {
  return {{"model", engine.name()},
          {"adapter", options.method == "focus" ? engine.adapter_hash() : ""},
          {"method", options.method},
          {"sizes",
           {{"local", options.local},
            {"initial", options.initial},
            {"block", options.block},
            {"top_k", options.top_k},
            {"answer_top_k", options.answer_top_k},
            {"chunk", options.chunk},
            {"tail", options.tail},
            {"refresh", options.refresh},
            {"renew", options.renew},
            {"exact", options.exact}}},
          {"kv_type", kv_name(options)}};
}

/// Runs what is not known yet.
void run_all(const std::vector<Measurement>& all, Results& results, const CancelToken& cancel,
             const EvalProgress& progress) {
  std::vector<const Measurement*> missing;
  for (const Measurement& one : all) {
    if (!results.has(one.identity)) missing.push_back(&one);
  }
  std::int64_t done = 0;
  for (const Measurement* one : missing) {
    cancel.check();
    const Json& id = one->identity;
    if (progress) {
      progress(done, std::ssize(missing),
               fmt::format("{} {} {}", id.at("task").get<std::string>(), id.at("method").get<std::string>(),
                           id.at("length").get<std::int64_t>()));
    }
    Json outcome;
    try {
      outcome = one->measure();
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      outcome = {{"error", error.what()}};
    }
    outcome["machine"] = cpu_model();
    results.add(id, outcome);
    ++done;
  }
  if (progress) progress(done, std::ssize(missing), "");
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

Json ask_passkey(std::shared_ptr<const Engine> engine, const PasskeyPrompt& prompt,
                 const ContextOptions& options, const CancelToken& cancel) {
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

std::vector<ContextOptions> with_store(const std::vector<ContextOptions>& methods) {
  const auto store =
      make_chunk_store(static_cast<std::int64_t>(kStoreShare * static_cast<double>(available_memory())));
  std::vector<ContextOptions> shared = methods;
  for (ContextOptions& options : shared) options.chunk_store = store;
  return shared;
}

}  // namespace

void run_passkey(std::shared_ptr<const Engine> engine, const Plan& plan, Results& results,
                 const CancelToken& cancel, const EvalProgress& progress) {
  std::vector<NamedText> haystacks = plan.texts;
  if (haystacks.empty()) haystacks.push_back({});
  const auto methods = with_store(plan.methods);
  std::vector<Measurement> all;
  for (const auto layout : plan.layouts) {
    for (const NamedText& haystack : haystacks) {
      const auto maker = std::make_shared<const PasskeyMaker>(
          engine->tokenizer(), PasskeyTask{layout, haystack.text, plan.distractors});
      for (const ContextOptions& options : methods) {
        for (const std::int64_t length : plan.lengths) {
          for (const double depth : plan.depths) {
            for (int trial = 0; trial < plan.trials; ++trial) {
              Json id = {{"task", "passkey"}, {"variant", passkey_variant(plan, layout, haystack.name)},
                         {"length", length},  {"depth", depth},
                         {"trial", trial},    {"seed", plan.seed}};
              id.update(identity_of(*engine, options));
              all.push_back({id, [=, &plan, &cancel] {
                               const auto prompt = maker->make(length, depth / 100,
                                                               case_seed(plan.seed, length, depth, trial));
                               return ask_passkey(engine, prompt, options, cancel);
                             }});
            }
          }
        }
      }
    }
  }
  run_all(all, results, cancel, progress);
}

namespace {

/// The tokens of a window: some memory, the local window and what is predicted.
struct Window {
  std::string name;
  std::size_t text = 0;
  std::int64_t end = 0;  ///< token after the last predicted one
};

std::vector<std::vector<Token>> tokenize_all(const Engine& engine, const std::vector<NamedText>& texts) {
  std::vector<std::vector<Token>> all;
  for (const NamedText& text : texts) all.push_back(engine.tokenizer().encode(text.text));
  return all;
}

std::vector<Window> windows_of(const Plan& plan, const std::vector<std::vector<Token>>& texts,
                               std::int64_t longest) {
  std::vector<Window> windows;
  const std::int64_t least = longest + plan.local + plan.scored;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::int64_t spare = std::ssize(texts[i]) - least;
    if (spare < 0) {
      fail(
          "{}: has {} tokens; a window with the longest memory needs {}: give a longer text or shorter "
          "lengths",
          plan.texts[i].name, texts[i].size(), least);
    }
    for (int trial = 0; trial < plan.trials; ++trial) {
      const std::int64_t end = least + spare * (trial + 1) / (plan.trials + 1);
      windows.push_back({fmt::format("{} to {}", plan.texts[i].name, end), i, end});
    }
  }
  return windows;
}

std::vector<Token> window_tokens(const Engine& engine, const Plan& plan, const Window& window,
                                 const std::vector<std::vector<Token>>& texts, std::int64_t memory,
                                 bool own) {
  std::vector<Token> tokens;
  if (engine.tokenizer().adds_bos() && engine.tokenizer().bos()) tokens.push_back(*engine.tokenizer().bos());
  const std::int64_t begin = window.end - plan.scored - plan.local;
  const auto& from = own ? texts[window.text] : texts[(window.text + 1) % texts.size()];
  const std::int64_t last = own ? begin : std::min(std::ssize(from), std::max(begin, memory));
  tokens.insert(tokens.end(), from.begin() + (last - memory), from.begin() + last);
  const auto& text = texts[window.text];
  tokens.insert(tokens.end(), text.begin() + begin, text.begin() + window.end);
  return tokens;
}

}  // namespace

void run_perplexity(std::shared_ptr<const Engine> engine, const Plan& plan, Results& results,
                    const CancelToken& cancel, const EvalProgress& progress) {
  if (plan.texts.empty()) throw UsageError("perplexity: give texts to predict with -f FILE");
  const auto texts =
      std::make_shared<const std::vector<std::vector<Token>>>(tokenize_all(*engine, plan.texts));
  const std::int64_t longest = *std::max_element(plan.lengths.begin(), plan.lengths.end());
  std::vector<Measurement> all;
  for (ContextOptions options : with_store(plan.methods)) {
    if (options.method == "focus") options.local = plan.local;
    for (const Window& window : windows_of(plan, *texts, longest)) {
      for (const std::int64_t length : plan.lengths) {
        for (const bool own : {true, false}) {
          if (!own && (length == 0 || texts->size() < 2)) continue;
          Json id = {{"task", "perplexity"},
                     {"variant", length == 0 ? "no memory"
                                 : own       ? "own memory"
                                             : "memory of another text"},
                     {"length", length},
                     {"window", window.name},
                     {"scored", plan.scored},
                     {"before", plan.local}};
          id.update(identity_of(*engine, options));
          all.push_back(
              {id, [=, &plan, &cancel] {
                 const auto start = Clock::now();
                 const auto tokens = window_tokens(*engine, plan, window, *texts, length, own);
                 const auto scores = log_probabilities(*engine, tokens, plan.scored, options, cancel);
                 const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
                 return Json{{"nll", -sum / static_cast<double>(scores.size())},
                             {"seconds", std::chrono::duration<double>(Clock::now() - start).count()}};
               }});
        }
      }
    }
  }
  run_all(all, results, cancel, progress);
}

}  // namespace focusllm::eval

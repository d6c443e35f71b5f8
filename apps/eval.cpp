#include <algorithm>
#include <chrono>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "base/error.h"
#include "command.h"
#include "eval/run.h"
#include "eval/summary.h"
#include "interrupt.h"
#include "options.h"
#include "progress_line.h"
#include "terminal.h"
#include "text_input.h"

namespace focusllm::cli {
namespace {

struct EvalFlags {
  ModelFlags model;
  ContextFlags context;
  std::vector<std::string> tasks = {"passkey"};
  std::vector<std::string> lengths = {"4k", "16k"};
  std::vector<double> depths = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
  std::vector<std::string> methods = {"auto"};
  std::vector<std::string> layouts = {"focus"};
  std::vector<std::string> files;
  int trials = 1;
  int distractors = 0;
  std::int64_t seed = 1;
  std::int64_t scored = 512, before = 512;
  std::string output;
};

std::vector<ContextOptions> methods_of(const EvalFlags& flags, const Engine& engine) {
  std::vector<std::string> names = flags.methods;
  if (names == std::vector<std::string>{"all"})
    names.assign(method_names().begin() + 1, method_names().end());
  if (names == std::vector<std::string>{"auto"}) names = {engine.adapter().empty() ? "infllm" : "focus"};
  std::vector<ContextOptions> methods;
  for (const std::string& name : names) {
    if (std::find(method_names().begin() + 1, method_names().end(), name) == method_names().end()) {
      throw UsageError(fmt::format("--methods: '{}' is no method: give all, or some of {}", name,
                                   fmt::join(method_names().begin() + 1, method_names().end(), ", ")));
    }
    methods.push_back(flags.context.options());
    methods.back().method = name;
  }
  return methods;
}

std::vector<eval::PasskeyTask::Layout> layouts_of(const std::vector<std::string>& names) {
  std::vector<eval::PasskeyTask::Layout> layouts;
  for (const std::string& name : names) {
    if (name != "focus" && name != "dca")
      throw UsageError("--layouts: '" + name + "' is neither focus nor dca");
    layouts.push_back(name == "focus" ? eval::PasskeyTask::Layout::focus : eval::PasskeyTask::Layout::dca);
  }
  return layouts;
}

eval::Plan plan_of(const EvalFlags& flags, const Engine& engine) {
  eval::Plan plan;
  plan.methods = methods_of(flags, engine);
  plan.lengths = parse_lengths(flags.lengths, "--lengths", 0);
  plan.depths = flags.depths;
  plan.trials = flags.trials;
  plan.seed = static_cast<std::uint64_t>(flags.seed);
  plan.layouts = layouts_of(flags.layouts);
  plan.distractors = flags.distractors;
  plan.scored = flags.scored;
  plan.local = flags.before;
  for (auto& document : flags.files.empty() ? std::vector<Document>() : read_documents(flags.files)) {
    plan.texts.push_back(
        {std::filesystem::path(document.name).filename().string(), std::move(document.text)});
  }
  return plan;
}

/// A line on a terminal: what is measured, how many are done, and the time left.
class EvalLine {
 public:
  void show(std::int64_t done, std::int64_t total, const std::string& next) {
    if (!stderr_is_terminal()) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const std::string left = done == 0 ? ""
                                       : ", " +
                                             format_seconds(passed.count() / static_cast<double>(done) *
                                                            static_cast<double>(total - done)) +
                                             " left";
    err(next.empty() ? "\r\x1b[K" : fmt::format("\r\x1b[K{}: {} of {} done{}", next, done, total, left));
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void evaluate(const EvalFlags& flags) {
  for (const std::string& task : flags.tasks) {
    if (task != "passkey" && task != "perplexity") {
      throw UsageError("--task: '" + task + "' is neither passkey nor perplexity");
    }
  }
  flags.model.require_path();
  eval::Results results(flags.output);
  const auto engine = flags.model.load();
  const eval::Plan plan = plan_of(flags, *engine);
  CancelToken cancel;
  const InterruptScope interrupt(cancel);
  for (const std::string& task : flags.tasks) {
    EvalLine line;
    const auto show = [&line](auto... state) { line.show(state...); };
    if (task == "passkey") eval::run_passkey(engine, plan, results, cancel, show);
    if (task == "perplexity") eval::run_perplexity(engine, plan, results, cancel, show);
  }
  out(eval::summary(results.lines()));
}

constexpr const char* kExamples = R"(
Results are appended to the file as they come, one JSON object on each line; a run that was interrupted goes on where it
stopped, and measures nothing again that is there. The same seed gives the same prompts everywhere.

passkey     a number in a line of filler, asked for at the end; --depths says where, --lengths how long the prompt is.
            The filler is the published one, or that of the files. Layouts: focus (the task stands before the question)
            and dca (at the beginning).
perplexity  of the last --scored tokens of --trials windows of each file, with --before tokens right before them and
            --lengths tokens of memory before those: the text's own, and, with several files, another one's.

Examples:
  focusllm eval -m model.gguf --task passkey --lengths 4k,16k,64k --trials 5 --methods focus,infllm -o results.jsonl
  focusllm eval -m model.gguf --task perplexity --lengths 0,4k,16k -f a.txt -f b.txt --trials 5 -o results.jsonl)";

}  // namespace

void add_eval(CLI::App& app) {
  auto flags = std::make_shared<EvalFlags>();
  CLI::App* command = app.add_subcommand("eval", "Measure how well methods find things in long texts");
  const auto list = [command](const char* name, auto& value, const char* help) {
    command->add_option(name, value, help)
        ->delimiter(',')
        ->capture_default_str()
        ->type_name("LIST")
        ->allow_extra_args(false);
  };
  list("--task", flags->tasks, "passkey, perplexity");
  list("--lengths", flags->lengths, "Lengths in tokens (4k, 1m)");
  list("--depths", flags->depths, "Where the passkey stands, in percent of the filler");
  list("--methods", flags->methods, "Methods, or all; auto: focus if there is an adapter, else infllm");
  list("--layouts", flags->layouts, "Layouts of the passkey prompt: focus, dca");
  command->add_option("--trials", flags->trials, "Trials for each cell, or windows of each text")
      ->check(positive())
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--other-keys", flags->distractors, "Lines of the same form under other names (passkey)")
      ->check(between(0, 9))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--scored", flags->scored, "Tokens that are predicted (perplexity)")
      ->check(positive())
      ->capture_default_str()
      ->type_name("TOKENS");
  command->add_option("--before", flags->before, "Tokens right before them (perplexity)")
      ->check(positive())
      ->capture_default_str()
      ->type_name("TOKENS");
  command->add_option("-f,--file", flags->files, "Text, UTF-8; may be given several times")
      ->type_name("FILE")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("-s,--seed", flags->seed, "Seed of the prompts")
      ->check(between(0, 9007199254740992.0))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("-o,--output", flags->output, "File that results are appended to")
      ->required()
      ->type_name("FILE");
  flags->model.add_to(*command);
  flags->context.add_to(*command, false);
  command->footer(kExamples);
  command->callback([flags] { evaluate(*flags); });
}

}  // namespace focusllm::cli

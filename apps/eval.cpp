#include <algorithm>
#include <chrono>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/utf8.h"
#include "command.h"
#include "eval/run.h"
#include "eval/run_description.h"
#include "eval/summary.h"
#include "eval/write_questions.h"
#include "eval_report.h"
#include "flags.h"
#include "interrupt.h"
#include "options.h"
#include "progress_line.h"
#include "terminal.h"
#include "text_input.h"

namespace focusllm::cli {
namespace {

constexpr std::size_t kReasonBytes = 200;  // of a refusal that is shown

struct EvalFlags {
  ModelFlags model;
  ContextFlags context;
  std::vector<std::string> tasks = {"passkey"};
  std::vector<std::string> lengths = {"4k", "16k"};
  std::vector<double> depths = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
  std::vector<std::string> methods = {"auto"};
  std::vector<std::string> layouts = {"focus"};
  std::vector<std::string> needles = eval::needle_forms();
  std::vector<std::string> files;
  int trials = 1;
  int distractors = 0;
  int hops = 4;
  bool chat = false;
  std::int64_t seed = 1;
  std::int64_t scored = 512, before = 512;
  std::string output = "results.jsonl";
  std::string questions;  ///< file
};

std::vector<ContextOptions> methods_of(const EvalFlags& flags, const Engine& engine) {
  std::vector<std::string> names;
  for (const std::string& name : flags.methods) {
    if (name == "all") {
      names.insert(names.end(), method_names().begin() + 1, method_names().end());
    } else {
      names.push_back(name != "auto" ? name : long_method(engine));
    }
  }
  std::vector<ContextOptions> methods;
  for (const std::string& name : names) {
    if (std::find(method_names().begin() + 1, method_names().end(), name) == method_names().end()) {
      throw UsageError(fmt::format("--methods: '{}' is no method: give all, auto, or some of {}", name,
                                   fmt::join(method_names().begin() + 1, method_names().end(), ", ")));
    }
    methods.push_back(flags.context.options());
    methods.back().method = name;
  }
  return methods;
}

std::vector<eval::Layout> layouts_of(const std::vector<std::string>& names) {
  std::vector<eval::Layout> layouts;
  for (const std::string& name : names) {
    if (name != "focus" && name != "dca")
      throw UsageError("--layouts: '" + name + "' is neither focus nor dca");
    layouts.push_back(name == "focus" ? eval::Layout::focus : eval::Layout::dca);
  }
  return layouts;
}

/// The tasks that are asked for, `generated` as what it stands for.
std::vector<std::string> tasks_of(const EvalFlags& flags) {
  std::vector<std::string> tasks;
  for (const std::string& name : flags.tasks) {
    if (name == "generated") {
      tasks.insert(tasks.end(), eval::generated_tasks().begin(), eval::generated_tasks().end());
    } else if (contains(eval::task_names(), name)) {
      tasks.push_back(name);
    } else {
      throw UsageError(fmt::format("--task: '{}' is no task: give generated, or some of {}", name,
                                   fmt::join(eval::task_names(), ", ")));
    }
  }
  for (const std::string& task : tasks) {
    if (tasks.size() > 1 && contains(eval::published_tasks(), task)) {
      throw UsageError("--task: the files of " + task + " are no texts for other tasks: run it alone");
    }
  }
  return tasks;
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
  plan.needles = flags.needles;
  plan.hops = flags.hops;
  plan.chat = flags.chat;
  plan.scored = flags.scored;
  plan.local = flags.before;
  for (auto& document : flags.files.empty() ? std::vector<Document>() : read_documents(flags.files)) {
    const std::filesystem::path path = std::filesystem::absolute(document.name);
    plan.texts.push_back(
        {path.filename().string(), std::move(document.text), path.parent_path().filename().string()});
  }
  return plan;
}

/// A line on a terminal: what is measured, how many are done, and the time left.
class EvalLine {
 public:
  /// `place`: "task 2 of 3, ", or nothing.
  explicit EvalLine(std::string place) : place_(std::move(place)) {}
  ~EvalLine() {
    if (shown_) show_line("");
  }
  EvalLine(const EvalLine&) = delete;
  EvalLine& operator=(const EvalLine&) = delete;

  void show(const eval::EvalState& state) {
    if (!stderr_is_terminal() || state.next.empty()) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const std::string left =
        state.share > 0 ? fmt::format(", {} left", format_seconds(passed.count() * (1 / state.share - 1)))
                        : "";
    show_line(fmt::format("{}{}: {} of {} done, {:.0f} %{}", place_, state.next, state.done, state.total,
                          100 * state.share, left));
    shown_ = true;
  }

 private:
  std::string place_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

void run_tasks(const std::vector<std::string>& tasks, const std::shared_ptr<const Engine>& engine,
               const eval::Plan& plan, eval::Results& results) {
  CancelToken cancel;
  const InterruptScope interrupt(cancel);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EvalLine line(tasks.size() > 1 ? fmt::format("task {} of {}, ", i + 1, tasks.size()) : "");
    eval::run_task(tasks[i], engine, plan, results, cancel, [&line](const auto& state) { line.show(state); });
  }
}

/// What was not measured, by reasons; at most so many of them.
void show_refusals(const eval::Results& results, const std::string& file) {
  constexpr std::size_t kMostReasons = 5;
  std::map<std::string, int> reasons;
  for (const auto& record : results.records())
    if (!record.error.empty()) ++reasons[record.error];
  if (reasons.empty()) return;
  err(fmt::format("Not measured (the same command tries again; all reasons are in {}):\n", file));
  std::size_t shown = 0;
  for (const auto& [reason, times] : reasons) {
    if (shown++ == kMostReasons)
      return err(fmt::format("  and {} other reasons\n", reasons.size() - kMostReasons));
    err(fmt::format("  {} of: {}\n", times, one_line(with_flags(reason), kReasonBytes)));
  }
}

/// What would be asked, for `--task questions`, other programs, or to look at.
void write_questions(const std::vector<std::string>& tasks, const EvalFlags& flags) {
  const auto engine = flags.model.load();
  const eval::Plan plan = plan_of(flags, *engine);
  OutputFile file(flags.questions);
  for (const std::string& task : tasks) eval::write_questions(task, engine->tokenizer(), plan, file);
  file.commit();
}

void evaluate(const EvalFlags& flags) {
  const std::vector<std::string> tasks = tasks_of(flags);
  eval::check_needle_forms(flags.needles);
  flags.model.require_path();
  if (!flags.questions.empty()) return write_questions(tasks, flags);
  eval::Results results(flags.output);
  tell_left_out(flags.output, results.left_out());
  const auto engine = flags.model.load();
  const eval::Plan plan = plan_of(flags, *engine);
  if (std::ranges::any_of(plan.methods, [&](const auto& one) { return lacks_adapter(*engine, one); }))
    err_line("warning: " + missing_adapter(flags.model.path));
  results.describe_run(eval::run_description(*engine));
  try {
    run_tasks(tasks, engine, plan, results);
  } catch (const Cancelled&) {
    err(fmt::format("what was measured is in {}; the same command goes on from there\n", flags.output));
    throw;
  }
  out(eval::summary(results.records()));
  show_refusals(results, flags.output);
}

constexpr const char* kEvalExamples = R"(
Results are appended to the file as they come, one JSON object on each line; a run that was interrupted goes on where it
stopped, and measures nothing again that is there (but tries again what was refused). The same seed gives the same
prompts everywhere.

Generated tasks; --lengths says how long the prompts are, --depths where the needle stands if there is one. The filler
is the published one, or that of the files.
passkey     a number in a line of filler, asked for at the end. Layouts: focus (the task stands before the question)
            and dca (at the beginning)
number      the same with ten digits, some of them repeated (InfiniteBench)
kv          the value of a key in a JSON object of UUIDs (InfiniteBench)
needle      a sentence in filler: about San Francisco (city), or a number, word or UUID (RULER)
multikey    one of 4 numbers, each with a key (RULER)
multikey-lines  one of many lines that differ in key and number alone (RULER)
multivalue  4 numbers with one key (RULER)
multiquery  4 numbers with a key each (RULER)
vt          all variables that get one value from each other (RULER)
cwe, fwe    the 10 common, the 3 most frequent words of a list (RULER)
facts       twelve facts about people, each asked for by the person's name; a trial asks for one
paraphrase  twelve sentences about people, each asked for in words that it does not have
absent      the same about what the text does not say: right is an answer that says so ("supported")
generated   all of these

From files in the benchmark's own JSONL format, each line a prompt:
longbench, infinitebench (the file's name says which data set it is: kv_retrieval.jsonl), ruler
questions   your own: {"text": ..., "question": ..., "answers": [...]}; a line without text asks about the one before

perplexity  of the last --scored tokens of --trials windows of each file, with --before tokens right before them and
            --lengths tokens of memory before those: the text's own, and, with several files, another one's.

Examples:
  focusllm eval -m model.gguf --task passkey --lengths 4k,16k,64k --trials 5 --methods focus,infllm -o results.jsonl
  focusllm eval -m model.gguf --task generated --lengths 8k --depths 50 -f book.txt -o results.jsonl
  focusllm eval -m model.gguf --task longbench -f hotpotqa.jsonl --methods full,focus -o results.jsonl
  focusllm eval -m model.gguf --task perplexity --lengths 0,4k,16k -f a.txt -f b.txt --trials 5 -o results.jsonl
  focusllm eval report results.jsonl -o report.html)";

}  // namespace

void add_eval(CLI::App& app) {
  auto flags = std::make_shared<EvalFlags>();
  CLI::App* command = app.add_subcommand("eval", "Measure how well methods find things in long texts");
  const auto list = [command](const char* name, auto& value, const std::string& help) {
    return command->add_option(name, value, help)
        ->delimiter(',')
        ->capture_default_str()
        ->type_name("LIST")
        ->allow_extra_args(false);
  };
  list("--task", flags->tasks, "Tasks (below), or generated: all that need no files");
  list("--lengths", flags->lengths, "Lengths in tokens (4k, 1m)");
  list("--depths", flags->depths, "Where the one needle stands, in percent of the filler")
      ->check(between(0, 100));
  list("--methods", flags->methods,
       fmt::format("Methods, or all; auto: {} if there is an adapter, else {}", recalling_method(true),
                   recalling_method(false)));
  list("--layouts", flags->layouts, "Layouts of prompts about a hidden number: focus, dca (passkey, number)");
  list("--needles", flags->needles, "Sentences that are hidden (needle)");
  command->add_option("--trials", flags->trials, "Trials for each cell, or windows of each text")
      ->check(positive())
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--other-keys", flags->distractors,
                   "Lines of the same form under other names (passkey, number)")
      ->check(between(0, 9))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--hops", flags->hops, "From one variable to the next (vt)")
      ->check(between(1, 20))
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--chat", flags->chat,
                    "The text as a document, the question through the model's chat template; else the prompt "
                    "goes to the model as it is (generated tasks but cwe, fwe)");
  command->add_option("--scored", flags->scored, "Tokens that are predicted (perplexity)")
      ->check(positive())
      ->capture_default_str()
      ->type_name("TOKENS");
  command
      ->add_option(
          "--before", flags->before,
          "Tokens right before them (perplexity); of focus the local window, unless --local is given")
      ->check(positive())
      ->capture_default_str()
      ->type_name("TOKENS");
  command->add_option("-f,--file", flags->files, "Text, UTF-8, or JSONL; may be given several times")
      ->type_name("FILE")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("-s,--seed", flags->seed, "Seed of the prompts")
      ->check(between(0, 9007199254740992.0))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("-o,--output", flags->output, "File that results are appended to")
      ->capture_default_str()
      ->type_name("FILE");
  command
      ->add_option("--write-questions", flags->questions,
                   "Measure nothing; write texts, questions and answers of generated tasks to FILE, as "
                   "the task questions takes them")
      ->type_name("FILE");
  flags->model.add_to(*command);
  flags->context.add_to(*command, false);
  command->footer(kEvalExamples);
  add_eval_report(*command);
  command->callback([flags, command] {
    if (command->get_subcommands().empty()) evaluate(*flags);
  });
}

}  // namespace focusllm::cli

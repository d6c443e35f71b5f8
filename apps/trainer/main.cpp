// focusllm-train: what `focusllm train` starts. A program of its own, since it links libtorch.
#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/output_file.h"
#include "base/threads.h"
#include "exit_code.h"
#include "focusllm/gguf.h"
#include "interrupt.h"
#include "model/spec.h"
#include "options.h"
#include "progress_line.h"
#include "spinning.h"
#include "terminal.h"
#include "trainer/ranks.h"
#include "trainer/show.h"
#include "trainer/train_options.h"
#include "trainer/training.h"

namespace focusllm::cli {
namespace {

constexpr const char* kFooter = R"(
Trains the candidate weights of a model (FocusLLM): each chunk of a long text answers to the end of the local window
with one row of keys and values. Everything else of the model stays as it is. The defaults are good for a small model
and a few dozen books; a run can be stopped with Ctrl-C and goes on where it was with the same command.

Examples:
  focusllm train -m model.gguf novels.tar.xz -o adapter.gguf
  focusllm train -m model.gguf books/ more.jsonl -o adapter.gguf --steps 2000 --chunk-size 256,1024
  focusllm train --config adapters/smollm2-135m-instruct.few.toml -m model.gguf novels.tar.xz -o few.gguf
  focusllm train -m model.gguf novels.tar.xz --show 3           # what samples look like
  focusllm train -m model.gguf novels.tar.xz -o a.gguf --ranks 2

A file of --config has the flags' long names: steps = 2000, chunk-size = [256, 1024], chunks = "8-32". What is given on
the command line goes before it. Exit codes: 0 done, 1 error, 2 wrong use, 130 interrupted (all is saved).)";

data::Corpus read_texts(const TrainOptions& options, const Tokenizer& tokenizer, const CancelToken& stop,
                        bool quiet) {
  ProgressLine progress("reading");
  data::Corpus corpus =
      data::read_corpus(options.data, options.corpus, tokenizer, stop, [&](const Progress& state) {
        if (!quiet) progress.show(state);
      });
  progress.clear();
  if (quiet) return corpus;
  err_line(fmt::format("documents: {} to train on, {} held back; {} tokens", corpus.training.size(),
                       corpus.validation.size(), grouped(corpus.tokens())));
  if (corpus.skipped.count() > 0) err_line("left out: " + corpus.skipped.describe());
  if (corpus.validation.empty() && options.corpus.validation > 0)
    err_line("one document only: nothing is held back to measure on");
  return corpus;
}

/// One of several ranks with --device cuda takes the GPU of its number, if there is one for each.
void choose_gpu(TrainOptions& options, train::GroupOptions& group) {
  group.gpu = train::gpu_of_rank(options.trainer.device, local_rank(), ranks_here());
  if (group.gpu >= 0) options.trainer.device = fmt::format("cuda:{}", group.gpu);
}

int train(TrainOptions options, const std::vector<std::string>& arguments) {
  options.check();
  auto group_options = train::GroupOptions::from_environment();
  if (group_options) choose_gpu(options, *group_options);
  const auto file = gguf::File::open(options.model);
  data::check(options.sampler, model::Spec::from(*file).trained_context);
  const bool chief = !group_options || group_options->rank == 0;
  if (options.show == 0 && chief)
    for (const auto& path :
         {options.output, options.checkpoint_path(), options.metrics_path(), options.html_path()})
      if (!path.empty())
        OutputFile{path};  // a wrong path is told before an hour of work; leaves nothing behind
  if (!group_options && options.ranks > 1) return run_ranks(static_cast<int>(options.ranks), arguments);

  const int ranks = ranks_here();
  if (options.threads > 0 || ranks == 1)
    set_thread_count(static_cast<int>(options.threads));
  else
    set_thread_count(std::max(thread_count() / ranks, 1));
  CancelToken stop;
  const InterruptScope interrupt(stop);
  const auto tokenizer = Tokenizer::load(*file);
  if (chief) warn_of_guesses(options.model, tokenizer->guessed());
  const data::Corpus corpus = read_texts(options, *tokenizer, stop, !chief);
  if (options.show > 0) {
    show_samples(options, corpus, tokenizer);
    return kDone;
  }
  const auto group =
      group_options && group_options->world_size > 1 ? train::Group::join(*group_options) : nullptr;
  Training(options, corpus, tokenizer, group, stop).run();
  return kDone;
}

int parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help
    std::ostringstream text;
    app.exit(error, text, text);
    out(text.str());
    return kDone;
  }
  const bool in_file = dynamic_cast<const CLI::ConfigError*>(&error) != nullptr;
  err_line(
      fmt::format("{}{} (see focusllm train --help)", in_file ? "the file of --config: " : "", error.what()));
  return kWrongUse;
}

int run(int argc, char** argv) {
  CLI::App app("Train an adapter for long texts.", "focusllm train");
  TrainOptions options;
  try {
    options.add_to(app);
    app.set_config("--config", "", "A TOML file with any of these flags' names and values")
        ->type_name("FILE");
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.footer(kFooter);
    app.parse(argc, argv);
    return train(options, {argv, argv + argc});
  } catch (const CLI::ParseError& error) {
    return parse_error(app, error);
  } catch (...) {
    return report_exception(rank_prefix(), "a smaller --pool, --chunks, --batch or --local");
  }
}

}  // namespace
}  // namespace focusllm::cli

int main(int argc, char** argv) {
  focusllm::cli::limit_spinning(argv);
  focusllm::cli::install_signal_handlers();
  return focusllm::cli::guarded(focusllm::cli::run, argc, argv);
}

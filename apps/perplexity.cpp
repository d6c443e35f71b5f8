#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "command.h"
#include "dump.h"
#include "focusllm/scores.h"
#include "interrupt.h"
#include "options.h"
#include "progress_line.h"
#include "terminal.h"
#include "text_input.h"

namespace focusllm::cli {
namespace {

struct PerplexityFlags {
  ModelFlags model;
  ContextFlags context;
  std::string file;
  std::string length = "512";
  std::string scores;
  bool json = false;
};

void write_scores(const std::string& path, const std::vector<float>& log_probabilities) {
  std::ofstream file(path);
  for (const float value : log_probabilities) file << fmt::format("{}\n", value);
  file.close();
  if (!file) fail("{}: cannot be written: {}", path, std::strerror(errno));
}

void print(const PerplexityFlags& flags, const Engine& engine, const Perplexity& result, std::int64_t context,
           double seconds) {
  if (flags.json)
    return out(dump({{"ppl", result.value},
                     {"tokens", result.tokens},
                     {"standard_error", result.standard_error},
                     {"context", context},
                     {"method", flags.context.values.method},
                     {"model", engine.name()},
                     {"seconds", seconds}}) +
               "\n");
  out(fmt::format("perplexity {:.4f} +/- {:.4f} over {} tokens, context {}, in {}\n", result.value,
                  result.standard_error, grouped(result.tokens), context, format_seconds(seconds)));
}

void measure(const PerplexityFlags& flags) {
  flags.model.require_path();
  const std::int64_t context = parse_lengths({flags.length}, "--ctx-size", 2).front();
  const Document document = read_documents({flags.file}).front();
  const auto engine = flags.model.load();

  CancelToken cancel;
  ProgressLine progress("scoring");
  const auto start = std::chrono::steady_clock::now();
  Perplexity result;
  {
    const InterruptScope interrupt(cancel);
    result = perplexity(*engine, document.text, context, flags.context.options(), cancel,
                        [&progress](const Progress& state) { progress.show(state); });
  }
  progress.clear();
  if (!flags.scores.empty()) write_scores(flags.scores, result.log_probabilities);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  print(flags, *engine, result, context, seconds.count());
}

constexpr const char* kPerplexityExamples = R"(
The definition is llama-perplexity's: the text in pieces of --ctx-size tokens, each scored over its second half; a last
short piece is left out. So the numbers compare with llama.cpp's.

Example:
  focusllm perplexity -m model.gguf -f wiki.test.raw -c 512 --json)";

}  // namespace

void add_perplexity(CLI::App& app) {
  auto flags = std::make_shared<PerplexityFlags>();
  CLI::App* command = app.add_subcommand("perplexity", "Measure how well the model predicts a text");
  command->add_option("-f,--file", flags->file, "The text, UTF-8; - is standard input")
      ->required()
      ->type_name("FILE");
  command->add_option("-c,--ctx-size", flags->length, "Tokens in a piece")
      ->capture_default_str()
      ->type_name("TOKENS");
  command
      ->add_option("--scores", flags->scores, "Write the log-probability of each scored token, a line each")
      ->type_name("FILE");
  command->add_flag("--json", flags->json, R"(Print {"ppl", "tokens", ...})");
  flags->model.add_to(*command);
  flags->context.add_to(*command);
  command->footer(kPerplexityExamples);
  command->callback([flags] { measure(*flags); });
}

}  // namespace focusllm::cli

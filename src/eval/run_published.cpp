#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/hash.h"
#include "eval/ask_prompt.h"
#include "eval/measurements.h"
#include "eval/names_of.h"
#include "eval/published/published.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using ExamplePointer = std::shared_ptr<const Example>;

struct Format {
  const char* name;
  std::vector<Example> (*examples)(const NamedText& file);
};

constexpr std::array kFormats = {Format{"longbench", longbench_examples},
                                 Format{"infinitebench", infinitebench_examples},
                                 Format{"ruler", ruler_examples}, Format{"questions", questions_examples}};

Prompt prompt_of(const Tokenizer& tokenizer, const Example& example) {
  Prompt prompt;
  prompt.tokens = tokenizer.encode(example.words());
  prompt.text_tokens = std::ssize(prompt.tokens);
  prompt.question = example.question;
  prompt.support = example.support;
  prompt.absent = example.absent;
  prompt.expected = example.expected;
  prompt.answer_tokens = example.answer_tokens;
  prompt.metric = example.metric;
  prompt.first_line = example.first_line;
  return prompt;
}

/// Hash of what is asked and expected: benchmarks name many files and lines alike.
std::string content_of(const Example& example) {
  std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(example.question)),
                                                 std::as_bytes(std::span(example.words()))};
  for (const std::string& one : example.expected) pieces.push_back(std::as_bytes(std::span(one)));
  return content_hash(pieces);
}

}  // namespace

const std::vector<std::string>& published_tasks() {
  static const std::vector<std::string> kNames = names_of(kFormats);
  return kNames;
}

void run_published(const std::string& task, const std::shared_ptr<const Engine>& engine, const Plan& plan,
                   Results& results, const CancelToken& cancel, const EvalProgress& progress) {
  if (plan.texts.empty()) throw UsageError(fmt::format("{}: give files in its format with -f FILE", task));
  const auto* format =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& one) { return task == one.name; });
  const auto methods = methods_with_store(*engine, plan);
  Reporter reporter(progress);
  const auto reader = reader_for(engine, cancel, reporter);
  std::vector<Measurement> all;
  for (const NamedText& file : plan.texts) {
    std::vector<ExamplePointer> examples;
    for (Example& one : format->examples(file))
      examples.push_back(std::make_shared<const Example>(std::move(one)));
    for (const ContextOptions& options : methods) {
      for (const ExamplePointer& example : examples) {
        Json identity = {{"task", task}, {"variant", example->variant}};
        identity.update(identity_of(*engine, options));
        identity.update(Json{{"length", Json()},
                             {"file", file.name},
                             {"line", example->line},
                             {"id", example->id},
                             {"content", content_of(*example)}});
        all.push_back({std::move(identity),
                       [engine, reader, example, options] {
                         return ask_prompt(*reader, prompt_of(engine->tokenizer(), *example), options,
                                           example->chat() ? Form::chat : Form::raw);
                       },
                       static_cast<double>(example->words().size())});
      }
    }
  }
  run_all(all, results, cancel, reporter);
}

}  // namespace focusllm::eval

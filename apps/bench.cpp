#include <memory>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "bench_report.h"
#include "bench_runs.h"
#include "command.h"
#include "options.h"
#include "terminal.h"

namespace focusllm::cli {
namespace {

struct BenchFlags {
  ModelFlags model;
  ContextFlags context;
  std::vector<std::string> prompts = {"512"};
  std::vector<std::string> predictions = {"64"};
  std::vector<std::string> depths = {"0"};
  std::vector<std::string> methods = {std::string(plain_method())};
  std::vector<int> sessions = {1};
  std::vector<std::string> ask_beside;
  int repetitions = 3;
  std::uint64_t seed = 1;
  bool json = false;
  bool csv = false;
};

struct BenchTest {
  enum class Kind { prefill, decode, questions };
  Kind kind;
  std::int64_t tokens;
  std::int64_t depth;
  std::string method;
  int sessions = 1;

  std::string name() const {
    if (kind == Kind::questions) return fmt::format("ask @ pp{}", tokens);
    std::string name = fmt::format("{}{}", kind == Kind::prefill ? "pp" : "tg", tokens);
    if (sessions > 1) name += fmt::format("x{}", sessions);
    return depth > 0 ? fmt::format("{} @ d{}", name, depth) : name;
  }
};

void add_tests(const BenchFlags& flags, const std::string& method, int sessions,
               std::vector<BenchTest>& all) {
  using Kind = BenchTest::Kind;
  for (const auto tokens : parse_lengths(flags.prompts, "-p", 0))
    if (tokens > 0) all.push_back({Kind::prefill, tokens, 0, method, sessions});
  for (const auto tokens : parse_lengths(flags.predictions, "-n", 0))
    for (const auto depth : parse_lengths(flags.depths, "--depth", 0))
      if (tokens > 0) all.push_back({Kind::decode, tokens, depth, method, sessions});
}

std::vector<BenchTest> tests(const BenchFlags& flags) {
  std::vector<BenchTest> all;
  for (const auto& method : flags.methods) {
    for (const int sessions : flags.sessions) add_tests(flags, method, sessions, all);
    for (const auto tokens : parse_lengths(flags.ask_beside, "--ask-beside", 0))
      if (tokens > 0) all.push_back({BenchTest::Kind::questions, tokens, 0, method});
  }
  if (all.empty()) throw UsageError("nothing to measure: give lengths with -p or -n");
  return all;
}

class Bench {
 public:
  explicit Bench(const BenchFlags& flags)
      : flags_(flags),
        engine_(flags.model.load()),
        machine_(describe_machine(*engine_, flags.seed)),
        runner_(engine_, flags.seed) {}

  void run(const std::vector<BenchTest>& tests) {
    const bool table = !flags_.json && !flags_.csv;
    if (table) out(printable(table_head(machine_)));
    warm_up(tests.front());
    for (const auto& test : tests) {
      results_.push_back(measure(test));
      if (table) out(table_row(results_.back()));
    }
    if (table) out(table_end());
    if (flags_.json) out(json(machine_, results_));
    if (flags_.csv) out(csv(machine_, results_));
  }

 private:
  ContextOptions options(const BenchTest& test) const {
    ContextOptions options = flags_.context.options();
    options.method = test.method;
    return options;
  }

  /// The first pass through the model touches memory.
  void warm_up(const BenchTest& first) {
    BenchResult ignored;
    runner_.prefill(options(first), 64, ignored);
  }

  void run_once(const BenchTest& test, BenchResult& result) {
    switch (test.kind) {
      case BenchTest::Kind::prefill:
        return runner_.prefill(options(test), test.tokens, result);
      case BenchTest::Kind::decode:
        return runner_.decode(options(test), test.tokens, test.depth, result);
      case BenchTest::Kind::questions:
        return runner_.questions_beside(options(test), test.tokens, result);
    }
  }

  BenchResult measure(const BenchTest& test) {
    BenchResult result;
    result.test = test.name();
    result.depth = test.depth;
    result.sessions = test.sessions;
    for (int i = 0; i < flags_.repetitions; ++i) {
      if (stderr_is_terminal())
        show_line(fmt::format("{} {} {}/{}", test.name(), test.method, i + 1, flags_.repetitions));
      run_once(test, result);
    }
    if (stderr_is_terminal()) show_line("");
    ContextOptions used = options(test);
    used.method = result.method;
    result.limit = test.kind == BenchTest::Kind::decode
                       ? answering_limit(*engine_, used, result.kv_type, machine_.peaks,
                                         test.depth + test.tokens / 2, test.sessions)
                       : reading_limit(*engine_, used, result.kv_type, machine_.peaks, test.tokens);
    return result;
  }

  const BenchFlags& flags_;
  std::shared_ptr<const Engine> engine_;
  BenchMachine machine_;
  BenchRunner runner_;
  std::vector<BenchResult> results_;
};

void bench(const BenchFlags& flags) {
  flags.model.require_path();
  const std::vector<BenchTest> wanted = tests(flags);
  Bench(flags).run(wanted);
}

void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
              const std::string& help) {
  app.add_option(name, values, help)->delimiter(',')->capture_default_str()->type_name("LIST");
}

constexpr const char* kBenchExamples = R"(
pp512 is reading 512 tokens up to the first new one; tg64 is generating 64 tokens, "@ d16384" after reading 16384.
The limit is what this machine's measured peaks allow: reading is bound by the operations of the products (2 for each
parameter of the layers and token) and of attention (4 x heads x head width for each query, key and layer), generating
by the bytes of the weights and of the keys and values, or (focus) by the products of the rows that are renewed.
With --sessions 4, pp512x4 and tg64x4 are four sessions at once. "ask @ pp65536" is the rate of reading 65536 tokens while
short questions are asked beside it; the first token is the questions'.
Texts may be longer than the model was trained for: what counts here is the rate, not the answer.

Examples:
  focusllm bench -m model.gguf -p 512,2k,8k -n 64
  focusllm bench -m model.gguf -p 16k,128k -n 64 --depth 0,128k --method full,infllm --json
  focusllm bench -m model.gguf --sessions 1,4,16 --ask-beside 64k --method streaming)";

}  // namespace

void add_bench(CLI::App& app) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand("bench", "Measure how fast texts are read and answers written");
  add_list(*command, "-p,--n-prompt", flags->prompts, "Lengths to read, in tokens (512, 4k, 1m); 0: none");
  add_list(*command, "-n,--n-gen", flags->predictions, "Tokens to generate; 0: none");
  add_list(*command, "-d,--depth", flags->depths, "Tokens to read before generating");
  command
      ->add_option("--sessions", flags->sessions,
                   "Sessions that do the same at the same time; rates are those of all together")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str()
      ->type_name("LIST");
  add_list(*command, "--ask-beside", flags->ask_beside,
           "Lengths of a text that one session reads while another asks short questions");
  command->add_option("--method", flags->methods, "Methods, as in run")
      ->delimiter(',')
      ->check(CLI::IsMember(method_names()))
      ->capture_default_str()
      ->type_name("LIST");
  command->add_option("-r,--repetitions", flags->repetitions, "Repetitions of each test")
      ->check(positive())
      ->capture_default_str()
      ->type_name("N");
  command->add_option("-s,--seed", flags->seed, "Seed of the random words that are read")
      ->capture_default_str();
  CLI::Option* json = command->add_flag("--json", flags->json, "Print a JSON array");
  command->add_flag("--csv", flags->csv, "Print comma-separated values")->excludes(json);
  flags->model.add_to(*command);
  flags->context.add_to(*command, false);
  command->footer(kBenchExamples);
  command->callback([flags] { bench(*flags); });
}

}  // namespace focusllm::cli

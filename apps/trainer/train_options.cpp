#include "trainer/train_options.h"

#include <charconv>
#include <limits>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "options.h"

namespace focusllm::cli {
namespace {

using data::Range;

/// A whole number; nothing if it is not one.
bool parse(std::string_view text, std::int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string text_of(Range range) {
  return range.least == range.most ? std::to_string(range.least)
                                   : fmt::format("{}-{}", range.least, range.most);
}

/// The flags of one group of --help, with the values that they have now as defaults.
class Group {
 public:
  Group(CLI::App& app, std::string name) : app_(app), name_(std::move(name)) {}

  template <typename T>
  CLI::Option* add(const std::string& flag, T& value, const std::string& type, const std::string& help) {
    return app_.add_option(flag, value, help)->capture_default_str()->type_name(type)->group(name_);
  }
  template <typename T>
  CLI::Option* number(const std::string& flag, T& value, double least, double most, const std::string& help) {
    const bool whole = std::is_integral_v<T>;
    return add(flag, value, whole ? "N" : "X", help)->check(between(least, most));
  }
  CLI::Option* share(const std::string& flag, double& value, const std::string& help) {
    return number(flag, value, 0, 1, help);
  }
  CLI::Option* range(const std::string& flag, Range& value, const std::string& help) {
    const auto set = [flag, &value](const std::string& text) {
      const std::size_t dash = text.find('-', 1);
      Range read;
      const bool good = parse(text.substr(0, dash), read.least) &&
                        parse(dash == std::string::npos ? text : text.substr(dash + 1), read.most);
      if (!good || read.least < 0 || read.most < read.least)
        throw CLI::ValidationError(flag, "'" + text + "' is neither a number nor a range like 8-32");
      value = read;
    };
    return app_.add_option_function<std::string>(flag, set, help)
        ->default_str(text_of(value))
        ->type_name("N|N-M")
        ->group(name_);
  }
  CLI::Option* flag(const std::string& flag, bool& value, const std::string& help) {
    return app_.add_flag(flag, value, help)->group(name_);
  }

 private:
  CLI::App& app_;
  std::string name_;
};

constexpr double kMany = 1e9;
constexpr const char* kSamples = "Samples (lengths in tokens; of a range each sample draws its own)";

void add_files(TrainOptions& o, CLI::App& app) {
  Group group(app, "Model and texts");
  group.add("-m,--model", o.model, "FILE", "The model to train for, a GGUF file")->envname("FOCUSLLM_MODEL");
  app.add_option(
         "data,--data", o.data,
         "Texts: files and folders of text, .jsonl, .tar of these; all of them plain or .xz, .gz, .bz2, .zst")
      ->type_name("PATH")
      ->group("Model and texts");
  group.add("-o,--output", o.output, "FILE", "The adapter to write (GGUF)");
  group.add("--init", o.init, "FILE", "An adapter of the same rank to begin with (default: none)");
  group.add("--text-field", o.corpus.text.field, "NAME", "The field of a line of JSON that holds the text");
  group.share("--validation", o.corpus.validation,
              "Share of the documents that is held back, chosen by name, to measure on");
}

void add_losses(TrainOptions& o, CLI::App& app) {
  Group group(app, "Losses");
  group.number("--retrieval", o.sampler.retrieval, 0, 1e6,
               "Share of samples that ask for facts hidden in the chunks");
  group.number("--repetition", o.sampler.repetition, 0, 1e6,
               "Share of samples that repeat a passage of a chunk");
  group.number("--continuation", o.sampler.continuation, 0, 1e6,
               "Share of samples that go on behind the chunks");
  group.number("--facts", o.sampler.facts, 0, 64, "Facts hidden in a chunk, on average");
  group.range("--questions", o.sampler.questions, "Questions in a sample of retrieval");
  group.share("--unrelated", o.sampler.unrelated,
              "Share of continuation whose memory is of other texts, from which nothing is to be taken");
  group.share("--chat", o.sampler.chat,
              "Share of retrieval through the chat template; the rest is plain text");
  group.share("--absent", o.sampler.absent, "Share of questions for what the text does not tell");
  auto& supervision = o.trainer.supervision;
  app.add_option_function<std::string>(
         "--supervision",
         [&supervision, &o](const std::string& name) {
           supervision = name == "paper" ? train::Supervision::paper : train::Supervision::dense;
           o.sampler.dense = name != "paper";
         },
         "dense: every row behind the prompt is a label; paper: one label for each sample")
      ->check(CLI::IsMember({"dense", "paper"}))
      ->default_str("dense")
      ->type_name("NAME")
      ->group("Losses");
}

void add_samples(TrainOptions& o, CLI::App& app) {
  Group group(app, kSamples);
  group.number("--batch", o.sampler.batch, 1, 65536, "Samples of a step, of all ranks together");
  app.add_option("--chunk-size", o.sampler.chunk_sizes, "Sizes of chunks; each run of chunks has one of them")
      ->delimiter(',')
      ->default_str("256")
      ->type_name("N,N")
      ->group(kSamples);
  group.range("--chunks", o.sampler.chunks, "Chunks in the memory of a sample");
  group.range("--local", o.sampler.local, "The local window up to where its labels begin");
  group.range("--labels", o.sampler.labels, "Labelled rows of continuation and repetition");
  group.range("--tail", o.sampler.tail,
              "The prompt's end behind each chunk; 0: min(512, chunk, local) as in the paper");
  group.number("--pool", o.sampler.pool, 1, 1 << 16, "Chunks at hand at any one time: they are encoded once");
  group.number("--renewed", o.sampler.renewed, 0, 1 << 16,
               "Chunks of the pool that are replaced at each step");
  group.number("--run", o.sampler.run, 1, 1 << 16, "Chunks of the pool that are one stretch of text");
  group.number("--overlap", o.sampler.overlap, 0, 1 << 16,
               "Most tokens of one chunk that the next begins with: each stretch draws its own number");
  group.share("--cut", o.sampler.cut, "Share of chunks' ends that cut a fact in two, as they do in reading");
  group.share("--repeated", o.sampler.repeated, "Share of stretches that are one short piece over and over");
  group.number("--positions", o.sampler.positions, 1, kMany,
               "Positions that candidates are spread over, at most");
  group.share("--gapless", o.sampler.gapless, "Share of samples whose candidates stand side by side");
}

void add_optimiser(TrainOptions& o, CLI::App& app) {
  Group group(app, "Optimiser");
  train::TrainerOptions& t = o.trainer;
  group.number("--steps", t.steps, 1, kMany, "Steps in all");
  group.number("--rank", t.rank, 0, 65536, "Rank of the adapter's matrices; 0: full copies of q, k, v, o");
  group.number("--alpha", t.alpha, 1e-6, kMany, "The adapter counts alpha / rank times");
  group.number("--lr", t.learning_rate, 0, 10, "Learning rate behind the warm-up");
  group.number("--final-lr", t.final_learning_rate, 0, 10, "Learning rate at the end of its cosine");
  group.number("--warmup", t.warmup_steps, 0, kMany, "Steps in which the learning rate rises");
  group.number("--weight-decay", t.weight_decay, 0, 10, "AdamW's");
  group.number("--beta1", t.beta1, 0, 0.9999999, "AdamW's");
  group.number("--beta2", t.beta2, 0, 0.9999999, "AdamW's");
  group.number("--clip", t.clip, 0, kMany, "Largest norm of the gradient; 0: any");
  group.number("--seed", t.seed, 0, 9e15, "All random choices follow from it");
  auto& bf16 = t.bf16;
  app.add_option_function<std::string>(
         "--dtype", [&bf16](const std::string& name) { bf16 = name == "bf16"; },
         "Number type of products with gradients: f32, bf16")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->default_str("f32")
      ->type_name("NAME")
      ->group("Optimiser");
}

void add_run(TrainOptions& o, CLI::App& app) {
  Group group(app, "Run");
  group.add("--device", o.trainer.device, "NAME", "cpu, cuda, cuda:1");
  group.number("-t,--threads", o.threads, 0, 4096,
               "Threads; 0: one per core, shared by the ranks of this machine");
  group.number("--ranks", o.ranks, 1, 1024,
               "Processes on this machine; several machines: as torchrun starts them");
  group.number("--validate-every", o.validation_every, 0, kMany,
               "Steps between measurements; 0: only at the end");
  group.number("--validation-samples", o.validation_samples, 1, 65536, "Samples that are measured on");
  group.number("--checkpoint-every", o.checkpoint_every, 1, kMany,
               "Steps between checkpoints (and adapters)");
  group.add("--checkpoint", o.checkpoint, "FILE",
            "Where to save all that a resume needs (default: OUTPUT.checkpoint)");
  CLI::Option* resume =
      group.flag("--resume", o.resume, "The checkpoint has to be there (else: resume if it is)");
  group.flag("--fresh", o.fresh, "Start anew whatever checkpoint is there")->excludes(resume);
  group.add("--metrics", o.metrics, "FILE", "A line of JSON for each step; none (default: OUTPUT.jsonl)");
  group.add("--html", o.html, "FILE", "A page with the curves; none (default: OUTPUT.html)");
  group.number("--report-every", o.report_seconds, 0, kMany,
               "Seconds between lines where nobody watches a terminal");
  group.number("--show", o.show, 0, 1000, "Print this many samples as text, and train nothing");
}

std::filesystem::path beside(const std::filesystem::path& output, const std::string& given,
                             const char* ending) {
  if (given == "none") return {};
  if (!given.empty()) return given;
  std::filesystem::path path = output;
  return path += ending;
}

}  // namespace

void TrainOptions::add_to(CLI::App& app) {
  add_files(*this, app);
  add_losses(*this, app);
  add_samples(*this, app);
  add_optimiser(*this, app);
  add_run(*this, app);
}

void TrainOptions::check() const {
  if (model.empty()) throw UsageError("no model given: name a GGUF file with -m FILE or in FOCUSLLM_MODEL");
  if (data.empty())
    throw UsageError("no texts given: name files or folders, as in focusllm train -m MODEL books/ -o a.gguf");
  if (output.empty() && show == 0)
    throw UsageError("no output given: name the adapter to write with -o FILE");
  if (checkpoint == "none") throw UsageError("--checkpoint needs a file: what was learnt would be lost");
  if (trainer.final_learning_rate > trainer.learning_rate)
    throw UsageError("--final-lr is above --lr: the learning rate falls from one to the other");
}

std::filesystem::path TrainOptions::checkpoint_path() const {
  return beside(output, checkpoint, ".checkpoint");
}
std::filesystem::path TrainOptions::metrics_path() const {
  return beside(output, metrics, ".jsonl");
}
std::filesystem::path TrainOptions::html_path() const {
  return beside(output, html, ".html");
}

}  // namespace focusllm::cli

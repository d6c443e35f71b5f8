// What borders cost that follow earlier versions of a text: nats per token behind a memory of its own text by
// focus, cut into equal chunks and at the borders that are left after a text changed all over, the same
// tokens each time. usage: borders_bench MODEL.gguf TEXT...
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include <fmt/format.h>

#include "context/alone.h"
#include "context/focus/chunk_encoder.h"
#include "context/focus/chunker.h"
#include "engine/parts.h"
#include "focusllm/engine.h"
#include "model/log_probabilities.h"
#include "model/runner.h"

namespace focusllm {
namespace {

constexpr std::int64_t kMemory = 8192, kScored = 128, kWindows = 4;
constexpr int kVersions = 3, kChanges = 8;
constexpr std::int64_t kMostChanged = 200;  // tokens

using Tokens = std::vector<Token>;

class Measurement {
 public:
  explicit Measurement(const Engine& engine) : model_(EngineParts::model(engine)) {
    context::Options options;
    options.method = "focus";
    options_ = context::settled(options, model_->spec());
  }

  void run(const Tokens& text) {
    const std::int64_t window = kMemory + options_.local + kScored;
    for (std::int64_t i = 0; i < kWindows; ++i) {
      const auto first = text.begin() + (i + 1) * (std::ssize(text) - window) / (kWindows + 1);
      const Tokens read(first, first + kMemory + options_.local);
      const Tokens scored(first + kMemory + options_.local, first + window);
      context::Chunker equal = chunker(), changed = chunker();
      const auto equal_chunks = cut(equal, read);
      changed.follow(borders(read));
      const auto changed_chunks = cut(changed, read);
      const double a = score(equal, equal_chunks, scored), b = score(changed, changed_chunks, scored);
      equal_.push_back(a);
      differences_.push_back(b - a);
      fmt::print("equal {:.3f} ({} chunks), followed {:.3f} ({} chunks)\n", a, equal_chunks.size(), b,
                 changed_chunks.size());
      std::fflush(stdout);
    }
  }

  void tell() const {
    const auto count = static_cast<double>(differences_.size());
    double mean = 0, difference = 0, squares = 0;
    for (const double one : equal_) mean += one / count;
    for (const double one : differences_) difference += one / count;
    for (const double one : differences_) squares += (one - difference) * (one - difference);
    fmt::print("{} windows: {:.3f} nats per token, difference {:+.4f}, standard error {:.4f}\n",
               differences_.size(), mean, difference, std::sqrt(squares / (count - 1) / count));
  }

 private:
  context::Chunker chunker() const {
    return context::Chunker({.chunk = options_.chunk, .overlap = options_.overlap, .local = options_.local});
  }
  static std::vector<context::TextChunk> cut(context::Chunker& chunker, const Tokens& text) {
    chunker.append(text);
    auto chunks = chunker.end_following();
    for (auto& chunk : chunker.take(chunker.certain())) chunks.push_back(std::move(chunk));
    return chunks;
  }

  /// The chunks of versions before: each with other changes, and cut where the one before it was.
  std::vector<Tokens> borders(const Tokens& text) {
    std::vector<Tokens> known;
    for (int version = 0; version < kVersions; ++version) {
      Tokens other = text;
      for (int change = 0; change < kChanges; ++change) {
        const auto place = static_cast<std::int64_t>(random_() % (other.size() - kMostChanged));
        const auto removed = static_cast<std::int64_t>(random_() % kMostChanged);
        const auto from = static_cast<std::int64_t>(random_() % (text.size() - kMostChanged));
        const auto added = static_cast<std::int64_t>(random_() % kMostChanged);
        const auto at = other.erase(other.begin() + place, other.begin() + place + removed);
        other.insert(at, text.begin() + from, text.begin() + from + added);
      }
      context::Chunker cuts = chunker();
      if (!known.empty()) cuts.follow(std::move(known));
      known.clear();
      for (auto& chunk : cut(cuts, other)) known.push_back(std::move(chunk.tokens));
    }
    return known;
  }

  /// Mean of -log p of the tokens behind what was read.
  double score(const context::Chunker& read, const std::vector<context::TextChunk>& chunks,
               const Tokens& scored) {
    memory::SegmentStore store(0);
    context::ChunkEncoder encoder(*model_, options_.kv_type, store);
    std::vector<std::shared_ptr<const memory::Segment>> encoded;
    for (const auto& chunk : chunks) encoded.push_back(encoder.take(chunk.tokens));
    model::Runner runner(model_);
    for (model::Pass pass; encoder.plan(pass, model::kPassRows); pass.clear()) {
      runner.run(pass);
      encoder.took(pass);
    }
    memory::Saver saver;
    read.save(saver);
    saver.number(0);
    saver.number(std::ssize(chunks));
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      saver.number(chunks[i].first);
      encoder.save(encoded[i], saver);
    }
    const auto pieces = saver.take();
    memory::Loader loader(pieces);
    context::Alone focus(context::make(options_, model_), model_, cancel_);
    focus->load(loader);
    double sum = 0;
    for (std::size_t i = 0; i < scored.size(); ++i) {
      const auto hidden = i == 0 ? focus.finish() : focus.step(scored[i - 1]);
      sum -= model::log_probabilities(*model_, hidden, {&scored[i], 1}).front();
    }
    return sum / static_cast<double>(scored.size());
  }

  std::shared_ptr<const model::Model> model_;
  context::Options options_;
  CancelToken cancel_;
  std::mt19937 random_{1};
  std::vector<double> equal_, differences_;
};

int run(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: borders_bench MODEL.gguf TEXT...\n");
    return 2;
  }
  const auto engine = Engine::load(argv[1], EngineOptions());
  Measurement measurement(*engine);
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    measurement.run(engine->tokenizer().encode(text));
  }
  measurement.tell();
  return 0;
}

}  // namespace
}  // namespace focusllm

int main(int argc, char** argv) {
  return focusllm::run(argc, argv);
}

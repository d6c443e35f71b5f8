#include "trainer/metadata.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/commit.h"

namespace focusllm::cli {
namespace {

namespace fs = std::filesystem;

std::string text_of(data::Range range) {
  return fmt::format("{}-{}", range.least, range.most);
}

std::string names_of(const std::vector<std::filesystem::path>& paths) {
  std::string names;
  for (const auto& path : paths) {
    const auto name = path.filename().empty() ? path.parent_path().filename() : path.filename();
    names += (names.empty() ? "" : ", ") + name.string();
  }
  return names;
}

/// The last losses: of training, a mean over some steps; of validation, as measured.
void add_losses(Pairs& pairs, const std::vector<Metrics::Record>& records) {
  constexpr int kMean = 50;
  double sum = 0;
  int count = 0;
  bool validated = false;
  for (auto record = records.rbegin(); record != records.rend() && count < kMean; ++record) {
    if (const auto validation = record->find("validation"); validation != record->end()) {
      if (!validated) pairs.emplace_back("validation_loss", validation->dump());
      validated = true;
    } else {
      sum += record->value("loss", 0.0);
      ++count;
    }
  }
  if (count > 0)
    pairs.emplace_back("loss", fmt::format("{:.4f} (mean of the last {} steps)", sum / count, count));
}

}  // namespace

Pairs training_facts(const TrainOptions& options, const data::Corpus& corpus, std::int64_t steps,
                     const std::vector<Metrics::Record>& records) {
  const data::SamplerOptions& s = options.sampler;
  const train::TrainerOptions& t = options.trainer;
  Pairs pairs = {
      {"data", names_of(options.data)},
      {"documents",
       fmt::format("{} to train on, {} held back", corpus.training.size(), corpus.validation.size())},
      {"tokens", std::to_string(corpus.tokens())},
      {"steps", std::to_string(steps)},
      {"samples", std::to_string(steps * s.batch)},
  };
  if (!options.init.empty()) pairs.emplace_back("init", fs::path(options.init).filename().string());
  add_losses(pairs, records);
  const Pairs settings = {
      {"supervision", t.supervision == train::Supervision::paper ? "paper" : "dense"},
      {"shares", fmt::format("retrieval {}, repetition {}, continuation {}", s.retrieval, s.repetition,
                             s.continuation)},
      {"chunk_sizes", fmt::format("{}", fmt::join(s.chunk_sizes, ", "))},
      {"chunks", text_of(s.chunks)},
      {"local", text_of(s.local)},
      {"labels", text_of(s.labels)},
      {"tail", s.tail == data::Range{} ? "min(512, chunk, local)" : text_of(s.tail)},
      {"positions", fmt::format("{}, gapless {}", s.positions, s.gapless)},
      {"batch", std::to_string(s.batch)},
      {"optimiser", fmt::format("AdamW, lr {} to {}, warm-up {}, weight decay {}, clip {}", t.learning_rate,
                                t.final_learning_rate, t.warmup_steps, t.weight_decay, t.clip)},
      {"adapter", t.rank == 0 ? "full" : fmt::format("rank {}, alpha {}", t.rank, t.alpha)},
      {"seed", std::to_string(t.seed)},
      {"commit", std::string(built_commit())},
      {"version", FOCUSLLM_VERSION},
  };
  pairs.insert(pairs.end(), settings.begin(), settings.end());
  return pairs;
}

Pairs training_metadata(const TrainOptions& options, const data::Corpus& corpus, std::int64_t steps,
                        const std::vector<Metrics::Record>& records) {
  Pairs pairs = training_facts(options, corpus, steps, records);
  for (auto& [key, value] : pairs) key.insert(0, "focusllm.train.");
  return pairs;
}

}  // namespace focusllm::cli

#include "trainer/training.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "base/error.h"
#include "eval/report/html.h"
#include "progress_line.h"
#include "trainer/report_page.h"

namespace focusllm::cli {
namespace {

namespace fs = std::filesystem;

/// Ids of the validation's chunks: far from those of training.
constexpr std::uint64_t kValidationIds = std::uint64_t{1} << 62;
/// Chunks that the validation holds for good, encoded all the time: as few as its samples can be made of.
constexpr std::int64_t kValidationPool = 32;

std::vector<train::Sample> validation_samples(const TrainOptions& options, const data::Corpus& corpus,
                                              const std::shared_ptr<const Tokenizer>& tokenizer) {
  if (corpus.validation.empty()) return {};
  data::SamplerOptions sampler = options.sampler;
  const std::int64_t runs = (std::max(kValidationPool, sampler.chunks.most) + sampler.run - 1) / sampler.run;
  sampler.pool = std::min(sampler.pool, runs * sampler.run);
  return data::Sampler(corpus.validation, tokenizer, sampler, options.trainer.seed, kValidationIds)
      .fixed(options.validation_samples);
}

/// With what else decides on a step: the texts and what is made of them.
train::TrainerOptions trainer_options(const TrainOptions& options, const data::Corpus& corpus) {
  train::TrainerOptions trainer = options.trainer;
  trainer.samples = fmt::format("{} documents {} tokens {}", data::describe(options.sampler),
                                corpus.training.size(), corpus.tokens());
  return trainer;
}

}  // namespace

Training::Training(const TrainOptions& options, const data::Corpus& corpus,
                   const std::shared_ptr<const Tokenizer>& tokenizer, std::shared_ptr<train::Group> group,
                   CancelToken& stop)
    : options_(options),
      corpus_(corpus),
      group_(std::move(group)),
      stop_(stop),
      sampler_(corpus.training, tokenizer, options.sampler, options.trainer.seed),
      validation_(mine(validation_samples(options, corpus, tokenizer))),
      trainer_(options.model, trainer_options(options, corpus), group_, group_ ? never_ : stop_) {
  resume();
  check_same_start();
  const std::int64_t done = trainer_.steps_done();
  metrics_ = std::make_unique<Metrics>(chief() ? options.metrics_path() : fs::path(), done);
  progress_ = std::make_unique<TrainProgress>(done, options.trainer.steps, options.report_seconds, !chief());
  if (done > 0)
    progress_->say(fmt::format("goes on behind step {} ({})", done, options.checkpoint_path().string()));
  seconds_before_ = metrics_->seconds();
}

void Training::resume() {
  const fs::path path = options_.checkpoint_path();
  const bool there = fs::exists(path);
  if (options_.resume && !there)
    fail("{} is not there: nothing to resume (leave out --resume to start)", path.string());
  if (!there || options_.fresh) {
    if (!options_.init.empty()) trainer_.begin_from(options_.init);
    return;
  }
  try {
    trainer_.resume(path);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    fail("{} (to start anew: --fresh, or another --checkpoint; to train on from an adapter: --init FILE)",
         error.what());
  }
  saved_ = trainer_.steps_done();
}

/// Ranks on machines without a common folder would each begin at a step of their own.
void Training::check_same_start() const {
  if (!group_) return;
  const auto mine = static_cast<double>(trainer_.steps_done());
  double sum = mine;
  group_->sum(std::span(&sum, 1));
  if (sum != mine * group_->size())
    fail("not all ranks begin at the same step (here: {}): every rank needs to find the same checkpoint {}",
         trainer_.steps_done(), options_.checkpoint_path().string());
}

std::vector<train::Sample> Training::mine(std::vector<train::Sample> samples) const {
  if (!group_) return samples;
  std::vector<train::Sample> share;
  for (auto i = static_cast<std::size_t>(group_->rank()); i < samples.size();
       i += static_cast<std::size_t>(group_->size()))
    share.push_back(std::move(samples[i]));
  return share;
}

double Training::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

/// On every rank the same: whether any of them was asked to stop.
bool Training::stop_wanted() {
  if (!group_) return stop_.cancelled();
  double wanted = stop_.cancelled() ? 1 : 0;
  group_->sum(std::span(&wanted, 1));
  return wanted > 0;
}

void Training::run() {
  start_ = std::chrono::steady_clock::now();
  if (!all_steps()) stop();
}

/// False if it was stopped before the end.
bool Training::all_steps() try {
  if (trainer_.steps_done() == 0 && !corpus_.validation.empty()) {
    progress_->announce(
        fmt::format("measuring the start on {} samples that are held back", options_.validation_samples));
    validate(true);
  }
  while (trainer_.steps_done() < options_.trainer.steps)
    if (!step()) return false;
  finish();
  return true;
} catch (const Cancelled&) {
  return false;
}

/// False if it is time to stop.
bool Training::step() {
  if (stop_wanted()) return false;
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<train::Sample> samples = mine(sampler_.batch(trainer_.steps_done()));
  if (!stepped_) progress_->announce("the first step encodes the pool: it takes longer than those behind it");
  stepped_ = true;
  const train::StepResult result = trainer_.step(samples);
  const std::int64_t done = trainer_.steps_done();

  const double taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Metrics::Record record = {{"step", done}, {"seconds", seconds()}};
  record.update(losses_json(result.losses));
  record["labels"] = all_of(result.losses).labels;
  record["gradient_norm"] = result.gradient_norm;
  record["learning_rate"] = result.learning_rate;
  record["step_seconds"] = taken;
  metrics_->add(std::move(record));
  progress_->step(done, result, taken);

  const bool last = done == options_.trainer.steps;
  if (options_.validation_every > 0 && done % options_.validation_every == 0 && !last) validate();
  if (done % options_.checkpoint_every == 0 && !last) save();
  return true;
}

/// A sample of each rank at a time: it takes minutes on a small machine, and says so.
train::Losses Training::measure(std::span<const train::Sample> samples) {
  const std::int64_t ranks = group_ ? group_->size() : 1, total = options_.validation_samples;
  train::Losses losses;
  for (std::int64_t done = 0; done < total; done += ranks) {
    progress_->doing(fmt::format("measuring on samples that are held back: {} of {}", done, total));
    const auto at = static_cast<std::size_t>(done / ranks);
    const std::span<const train::Sample> mine = samples.subspan(std::min(at, samples.size()));
    for (const auto& [kind, loss] : trainer_.evaluate(mine.first(std::min<std::size_t>(mine.size(), 1)))) {
      losses[kind].sum += loss.sum;
      losses[kind].labels += loss.labels;
    }
  }
  return losses;
}

/// What the local window alone makes of the text: a memory that is worth something lowers that.
train::Losses Training::measure_alone() {
  std::vector<train::Sample> alone = validation_;
  for (train::Sample& sample : alone) {
    sample.chunks.clear();
    sample.positions.clear();
    sample.local_position = 0;
  }
  train::Losses losses = measure(alone);
  std::erase_if(losses, [](const auto& each) { return each.first != train::Sample::Kind::continuation; });
  return losses;
}

void Training::validate(bool also_alone) {
  if (corpus_.validation.empty()) return;
  const train::Losses losses = measure(validation_);
  Metrics::Record record = {
      {"step", trainer_.steps_done()}, {"seconds", seconds()}, {"validation", losses_json(losses)}};
  if (const auto alone = also_alone ? measure_alone() : train::Losses{}; !alone.empty()) {
    record["without_memory"] = losses_json(alone);
    progress_->say(fmt::format("the local window alone: validation loss {}", losses_text(alone)));
  }
  metrics_->add(std::move(record));
  progress_->say(fmt::format("step {}: validation loss {}", trainer_.steps_done(), losses_text(losses)));
}

void Training::save() {
  const std::int64_t done = trainer_.steps_done();
  if (!chief() || done == saved_) return;
  progress_->doing("saving ...");
  trainer_.save(options_.checkpoint_path());
  trainer_.write_adapter(options_.output, training_metadata(options_, corpus_, done, metrics_->records()));
  if (const fs::path page = options_.html_path(); !page.empty())
    eval::report::write_whole(page, report_page("focusllm train: " + options_.output.filename().string(),
                                                facts(), metrics_->records()));
  saved_ = done;
}

Pairs Training::facts() const {
  return training_facts(options_, corpus_, trainer_.steps_done(), metrics_->records());
}

void Training::finish() {
  if (trainer_.steps_done() == saved_ && fs::exists(options_.output))
    return progress_->say(fmt::format("all {} steps are done: {} (to train on: --init {} and another -o)",
                                      saved_, options_.output.string(), options_.output.string()));
  validate();
  saved_ = -1;
  save();
  progress_->say(fmt::format("wrote {} after {} steps in {}", options_.output.string(), trainer_.steps_done(),
                             format_seconds(seconds())));
}

void Training::stop() {
  stop_.reset();  // saving is not to be stopped; a second signal ends the program at once
  if (trainer_.steps_done() > 0) save();
  if (trainer_.steps_done() == saved_ && saved_ > 0)
    progress_->say(fmt::format("stopped behind step {}; the same command goes on from {}", saved_,
                               options_.checkpoint_path().string()));
  throw Cancelled();
}

}  // namespace focusllm::cli

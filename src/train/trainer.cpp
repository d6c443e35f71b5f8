#include "train/trainer.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "model/adapter.h"
#include "train/adam_w.h"
#include "train/candidate_model.h"
#include "train/checkpoint.h"
#include "train/group.h"
#include "train/run_options.h"
#include "train/schedule.h"

namespace focusllm::train {
namespace {

using torch::Tensor;

constexpr std::array kKinds{Sample::Kind::continuation, Sample::Kind::repetition, Sample::Kind::retrieval};

/// Sums of losses and labels by kind, side by side as ranks exchange them.
class Sums {
 public:
  void add(Sample::Kind kind, double loss, double labels) {
    const auto i = static_cast<std::size_t>(kind);
    numbers_.at(2 * i) += loss;
    numbers_.at(2 * i + 1) += labels;
  }
  std::span<double> numbers() { return numbers_; }
  Losses losses() const {
    Losses losses;
    for (const Sample::Kind kind : kKinds) {
      const auto i = static_cast<std::size_t>(kind);
      if (numbers_[2 * i + 1] > 0) losses[kind] = {numbers_[2 * i], numbers_[2 * i + 1]};
    }
    return losses;
  }

 private:
  std::array<double, 2 * kKinds.size()> numbers_{};
};

bool all_finite(const Losses& losses) {
  for (const auto& [kind, loss] : losses) {
    if (!std::isfinite(loss.sum)) return false;
  }
  return true;
}

/// Errors of libraries below, which know nothing of what was being done, in one line.
template <typename Work>
auto explained(const std::string& doing, Work&& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail("{}: out of memory: use fewer or smaller samples, or a smaller rank", doing);
  } catch (const std::exception& error) {
    const std::string text = error.what();
    fail("{}: {}", doing, text.substr(0, text.find('\n')));
  }
}

}  // namespace

struct Trainer::Impl {
  Impl(const std::filesystem::path& path, const TrainerOptions& chosen, std::shared_ptr<Group> joined,
       const CancelToken& cancel)
      : options((check(chosen), chosen)),
        group(joined ? std::move(joined) : Group::join({})),
        file(gguf::File::open(path)),
        model(file, make_backend(options), {options.rank, options.alpha, options.seed}, cancel),
        hash(model::weights_hash(*file)),
        optimizer(model.parameters().values(),
                  {options.beta1, options.beta2, AdamW::Options{}.epsilon, options.weight_decay}) {
    check_ranks_agree();
  }

  void check_ranks_agree() const;
  double count_labels(std::span<const Sample> samples) const;
  Sums accumulate(std::span<const Sample> samples, double labels);
  Tensor shared_gradient() const;

  TrainerOptions options;
  std::shared_ptr<Group> group;
  std::shared_ptr<const gguf::File> file;
  CandidateModel model;
  std::string hash;  ///< of the file's weights; made when they are known to be supported
  AdamW optimizer;
};

/// All ranks have to compute the same function of their samples: each compares what it was given with rank 0.
void Trainer::Impl::check_ranks_agree() const {
  std::string all;
  for (const auto& [name, value] : fingerprint(options, hash)) all += name + "=" + value + ";";
  const std::string digits = content_hash(std::as_bytes(std::span(all)));
  constexpr std::size_t kDigits = 8;
  std::array<double, 4> own{};
  for (std::size_t i = 0; i < own.size(); ++i) {
    own[i] = static_cast<double>(std::stoul(digits.substr(i * kDigits, kDigits), nullptr, 16));
  }
  std::array<double, 4> first = group->rank() == 0 ? own : std::array<double, 4>{};
  group->sum(first);
  double different = first == own ? 0 : 1;
  group->sum(std::span(&different, 1));
  if (different > 0)
    fail("{:.0f} of {} ranks have another model or other options than rank 0", different, group->size());
}

/// Of all ranks; checks every sample of this one before any rank begins to compute.
double Trainer::Impl::count_labels(std::span<const Sample> samples) const {
  double labels = 0;
  for (const Sample& sample : samples) {
    labels += sample_rows(sample, options.supervision, model.model().bos(), model.model().spec().vocabulary)
                  .weight();
  }
  group->sum(std::span(&labels, 1));
  return labels;
}

/// Losses of this rank's samples, one after the other to bound memory; gradients of their sum over `labels`
/// add up in the parameters, unless gradients are off.
Sums Trainer::Impl::accumulate(std::span<const Sample> samples, double labels) {
  Sums sums;
  for (const Sample& sample : samples) {
    const Prediction prediction = model.predict(sample, options.supervision);
    if (!prediction.logits.defined()) continue;
    const Tensor loss = prediction.loss_sum();
    sums.add(sample.kind, loss.item<double>(), prediction.rows.weight());
    if (loss.requires_grad()) (loss / labels).backward();
  }
  return sums;
}

/// The gradient summed over the ranks.
Tensor Trainer::Impl::shared_gradient() const {
  Tensor gradient = model.parameters().gradient();
  group->sum(gradient);
  return gradient;
}

Trainer::Trainer(const std::filesystem::path& model, const TrainerOptions& options,
                 std::shared_ptr<Group> group, const CancelToken& cancel)
    : impl_(explained("trainer for " + model.string(),
                      [&] { return std::make_unique<Impl>(model, options, std::move(group), cancel); })) {}

Trainer::~Trainer() = default;

StepResult Trainer::step(std::span<const Sample> samples) {
  Impl& run = *impl_;
  const std::int64_t step = steps_done() + 1;
  return explained(fmt::format("step {}", step), [&] {
    const double labels = run.count_labels(samples);
    if (!(labels > 0)) fail("step {}: its samples have no labels", step);
    run.model.parameters().clear_gradient();
    Sums sums = run.accumulate(samples, labels);
    run.file->check_unchanged();
    run.group->sum(sums.numbers());
    Tensor gradient = run.shared_gradient();
    run.model.parameters().clear_gradient();
    const double norm = gradient.to(torch::kDouble).norm().item<double>();
    StepResult result{sums.losses(), norm, learning_rate(run.options, step - 1)};
    if (!all_finite(result.losses) || !std::isfinite(norm)) {
      fail(
          "step {}: the loss or its gradient is not finite; the weights are as they were before it: go on "
          "from a "
          "checkpoint with a lower learning rate",
          step);
    }
    if (run.options.clip > 0 && norm > run.options.clip) gradient.mul_(run.options.clip / norm);
    run.optimizer.step(run.model.parameters().values(), gradient, result.learning_rate);
    return result;
  });
}

Losses Trainer::evaluate(std::span<const Sample> samples) {
  Impl& run = *impl_;
  return explained("evaluation", [&] {
    const torch::NoGradGuard no_gradients;
    Sums sums = run.accumulate(samples, 1);
    run.group->sum(sums.numbers());
    return sums.losses();
  });
}

std::int64_t Trainer::steps_done() const {
  return impl_->optimizer.steps();
}

void Trainer::begin_from(const std::filesystem::path& adapter) {
  const auto file = gguf::File::open(adapter);
  model::check_base(*file, *impl_->file, impl_->hash);
  impl_->model.parameters().read(*file);
}

void Trainer::save(const std::filesystem::path& checkpoint) const {
  const Impl& run = *impl_;
  const auto on_cpu = [](const Tensor& tensor) { return tensor.detach().to(torch::kCPU).contiguous(); };
  write_checkpoint(checkpoint,
                   {run.optimizer.steps(), on_cpu(run.model.parameters().values()),
                    on_cpu(run.optimizer.first()), on_cpu(run.optimizer.second())},
                   fingerprint(run.options, run.hash));
}

void Trainer::resume(const std::filesystem::path& checkpoint) {
  Impl& run = *impl_;
  const torch::NoGradGuard no_gradients;
  Tensor& values = run.model.parameters().values();
  const Checkpoint read = read_checkpoint(checkpoint, values.numel(), fingerprint(run.options, run.hash));
  values.copy_(read.values);
  run.optimizer.restore(read.steps, read.first, read.second);
}

void Trainer::write_adapter(const std::filesystem::path& path,
                            const std::vector<std::pair<std::string, std::string>>& metadata) const {
  const Impl& run = *impl_;
  gguf::Writer writer;
  writer.set("general.type", "adapter");
  writer.set("general.architecture", std::string_view(run.model.model().spec().architecture));
  writer.set("adapter.type", "focusllm");
  if (run.options.rank > 0) writer.set("adapter.lora.alpha", static_cast<float>(run.options.alpha));
  writer.set("focusllm.base.hash", std::string_view(run.hash));
  writer.set("focusllm.train.steps", std::string_view(std::to_string(steps_done())));
  writer.set("focusllm.train.supervision", supervision_name(run.options.supervision));
  for (const auto& [key, value] : metadata) writer.set(key, std::string_view(value));
  run.model.parameters().write(writer);
  writer.write(path);
}

}  // namespace focusllm::train

// Stands in for src/train: counts steps, makes up losses that fall, and keeps its state in a small file.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <unistd.h>

#include "base/error.h"
#include "base/output_file.h"
#include "data/validate.h"
#include "focusllm/gguf.h"
#include "focusllm/tokenizer.h"
#include "gguf/writer.h"
#include "train/group.h"
#include "train/trainer.h"

namespace focusllm::train {
namespace {

int number(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

/// Alone, whatever it is told: each rank adds up only its own.
class LonelyGroup : public Group {
 public:
  explicit LonelyGroup(const GroupOptions& options) : Group(options) {}
  void sum(at::Tensor&) override {}
  void sum(std::span<double> values) override {
    for (double& value : values) value *= size();
  }
};

Losses losses(std::span<const Sample> samples, std::int64_t step) {
  Losses losses;
  for (const Sample& sample : samples)
    for (const float weight : sample.weights) {
      losses[sample.kind].labels += static_cast<double>(weight);
      losses[sample.kind].sum +=
          static_cast<double>(weight) * (1 + 3 * std::exp(-static_cast<double>(step) / 20));
    }
  return losses;
}

}  // namespace

std::string_view kind_name(Sample::Kind kind) {
  constexpr std::string_view names[] = {"continuation", "repetition", "retrieval"};
  return names[static_cast<int>(kind)];
}

std::optional<GroupOptions> GroupOptions::from_environment() {
  if (std::getenv("WORLD_SIZE") == nullptr) return std::nullopt;
  GroupOptions options;
  options.rank = number("RANK", 0);
  options.world_size = number("WORLD_SIZE", 1);
  return options;
}

std::shared_ptr<Group> Group::join(const GroupOptions& options) {
  return std::make_shared<LonelyGroup>(options);
}

int gpu_of_rank(const std::string&, int, int) {
  return -1;
}

std::uint16_t free_port() {
  return 1;
}

struct Trainer::Impl {
  std::int64_t step = 0, vocabulary = 0;
  int rank = 0;
  TrainerOptions options;
  const CancelToken* cancel = nullptr;
};

Trainer::Trainer(const std::filesystem::path& model, const TrainerOptions& options,
                 std::shared_ptr<Group> group, const CancelToken& cancel)
    : impl_(std::make_unique<Impl>()) {
  const auto file = gguf::File::open(model);
  impl_->vocabulary = Tokenizer::load(*file)->size();
  impl_->options = options;
  impl_->cancel = &cancel;
  impl_->rank = group ? group->rank() : 0;
}

Trainer::~Trainer() = default;

StepResult Trainer::step(std::span<const Sample> samples) {
  for (const Sample& sample : samples) data::validate(sample, impl_->vocabulary);
  for (int waited = 0; waited < number("FAKE_STEP_MS", 0); waited += 5) {
    impl_->cancel->check();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (impl_->rank == number("FAKE_FAILING_RANK", -1) && impl_->step == 3) fail("step 3: made to fail");
  if (impl_->rank == number("FAKE_KILLED_RANK", -1) && impl_->step == 3) ::_exit(77);
  return {losses(samples, impl_->step++), 0.5, impl_->options.learning_rate};
}

Losses Trainer::evaluate(std::span<const Sample> samples) {
  impl_->cancel->check();
  return losses(samples, impl_->step);
}

std::int64_t Trainer::steps_done() const {
  return impl_->step;
}

void Trainer::begin_from(const std::filesystem::path& adapter) {
  if (gguf::File::open(adapter)->string("general.type") != "adapter")
    fail("{}: no adapter", adapter.string());
}

void Trainer::save(const std::filesystem::path& checkpoint) const {
  std::this_thread::sleep_for(std::chrono::milliseconds(number("FAKE_SAVE_MS", 0)));
  const std::string text = std::to_string(impl_->step) + " " + std::to_string(impl_->options.rank) + "\n" +
                           std::string(static_cast<std::size_t>(number("FAKE_CHECKPOINT_BYTES", 0)), 'x');
  OutputFile file(checkpoint);
  file.write(std::as_bytes(std::span(text)));
  file.commit();
}

void Trainer::resume(const std::filesystem::path& checkpoint) {
  std::ifstream file(checkpoint);
  int rank = -1;
  if (!(file >> impl_->step >> rank)) fail("{}: broken", checkpoint.string());
  if (rank != impl_->options.rank) fail("{}: was made with rank {}", checkpoint.string(), rank);
}

void Trainer::write_adapter(const std::filesystem::path& path,
                            const std::vector<std::pair<std::string, std::string>>& metadata) const {
  gguf::Writer writer;
  writer.set("general.type", "adapter");
  for (const auto& [key, value] : metadata) writer.set(key, std::string_view(value));
  writer.write(path);
}

}  // namespace focusllm::train

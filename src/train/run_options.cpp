#include "train/run_options.h"

#include <cmath>

#include <ATen/Context.h>

#include "base/cpu.h"
#include "base/error.h"
#include "train/group.h"

namespace focusllm::train {
namespace {

void require(bool holds, const char* name, double value, const char* what) {
  if (!holds || !std::isfinite(value)) throw UsageError(fmt::format("{} {}: must be {}", name, value, what));
}

}  // namespace

void check(const TrainerOptions& o) {
  require(o.rank >= 0, "rank", o.rank, "0 (full copies) or more");
  require(o.rank == 0 || o.alpha > 0, "alpha", o.alpha, "above 0");
  require(o.learning_rate > 0, "learning rate", o.learning_rate, "above 0");
  require(o.final_learning_rate >= 0, "final learning rate", o.final_learning_rate, "0 or more");
  require(o.warmup_steps >= 0, "warm-up steps", static_cast<double>(o.warmup_steps), "0 or more");
  require(o.steps > 0, "steps", static_cast<double>(o.steps), "above 0");
  require(o.weight_decay >= 0, "weight decay", o.weight_decay, "0 or more");
  require(o.beta1 >= 0 && o.beta1 < 1, "beta1", o.beta1, "from 0 to below 1");
  require(o.beta2 >= 0 && o.beta2 < 1, "beta2", o.beta2, "from 0 to below 1");
  require(o.clip >= 0, "clip", o.clip, "0 (none) or more");
}

Backend make_backend(const TrainerOptions& options) {
  Backend backend;
  try {
    backend.device = torch::Device(options.device);
  } catch (const c10::Error&) {
    throw UsageError(fmt::format("device {}: there are cpu, cuda, cuda:1, ...", options.device));
  }
  if (options.bf16) backend.product = ProductType::bf16;
  if (backend.device.is_cpu()) {
    if (!options.bf16) return backend;
    if (supported_isas().back() < Isa::avx512) {
      fail("products in bf16 need AVX-512, which this processor does not have: train without bf16");
    }
    backend.ordinary_product = ProductType::automatic;
    backend.kv_type = attention::KvType::bf16;
    return backend;
  }
  if (!backend.device.is_cuda()) throw UsageError(fmt::format("device {}: not supported", options.device));
  if (!at::hasCUDA()) fail("device {}: this libtorch has no CUDA, or there is no GPU", options.device);
  if (backend.device.has_index() && static_cast<std::size_t>(backend.device.index()) >= at::getNumGPUs()) {
    fail("device {}: there are {} GPUs", options.device, at::getNumGPUs());
  }
  backend.fast = false;
  return backend;
}

int gpu_of_rank(const std::string& device, int local_rank, int local_ranks) {
  const int gpus = at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0;
  return device == "cuda" && local_ranks <= gpus ? local_rank : -1;
}

const char* supervision_name(Supervision supervision) {
  return supervision == Supervision::dense ? "dense" : "paper";
}

Fingerprint fingerprint(const TrainerOptions& o, const std::string& weights_hash) {
  const auto number = [](auto value) { return fmt::format("{}", value); };
  return {{"base_hash", weights_hash},
          {"rank", number(o.rank)},
          {"alpha", number(o.alpha)},
          {"supervision", supervision_name(o.supervision)},
          {"bf16", o.bf16 ? "yes" : "no"},
          {"learning_rate", number(o.learning_rate)},
          {"final_learning_rate", number(o.final_learning_rate)},
          {"warmup_steps", number(o.warmup_steps)},
          {"steps", number(o.steps)},
          {"weight_decay", number(o.weight_decay)},
          {"beta1", number(o.beta1)},
          {"beta2", number(o.beta2)},
          {"clip", number(o.clip)},
          {"seed", number(o.seed)},
          {"samples", o.samples}};
}

}  // namespace focusllm::train

#include "train/group_c10d.h"

#ifdef FOCUSLLM_C10D
#include <torch/types.h>
#endif

#include "base/error.h"

namespace focusllm::train {

#ifdef FOCUSLLM_C10D
namespace {

std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

void C10dGroup::connect(const std::function<void()>& work) const {
  try {
    work();
  } catch (const std::exception& error) {
    fail("rank {} of {}: could not join the others at {}:{} within {} s: {}", options_.rank,
         options_.world_size, options_.address, options_.port,
         static_cast<double>(options_.timeout.count()) / 1000, first_line(error));
  }
}

void C10dGroup::sum(std::span<double> values) {
  if (values.empty()) return;
  auto all = torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, torch::kDouble);
  sum(all);
}

void C10dGroup::sum(at::Tensor& values) {
  try {
    const auto exchanged = values.to(device()).contiguous();
    all_reduce(exchanged);
    if (!exchanged.is_same(values)) values.copy_(exchanged);
  } catch (const std::exception& error) {
    fail("rank {} of {}: lost the other ranks, one of them stopped or was too slow (more than {} s): {}",
         options_.rank, options_.world_size, static_cast<double>(options_.timeout.count()) / 1000,
         first_line(error));
  }
}
#endif

// NCCL refuses two ranks on one GPU, so without a GPU for each rank Gloo serves them all.
std::shared_ptr<Group> join_backend(const GroupOptions& options) {
#ifdef FOCUSLLM_NCCL
  if (options.gpu >= 0) return join_nccl(options);
#endif
#ifdef FOCUSLLM_GLOO
  return join_gloo(options);
#else
  fail("rank {} of {}: this build has no exchange between {}; use one process, or build again where there {}",
       options.rank, options.world_size,
       options.gpu >= 0 ? "GPUs (NCCL)" : "processes on CPUs or on one GPU (Gloo)",
       options.gpu >= 0 ? "is nccl.h" : "are Gloo's headers (libgloo-dev)");
#endif
}

}  // namespace focusllm::train

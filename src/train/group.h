#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace at {
class Tensor;
}

namespace focusllm::train {

/// How a process finds the others. Rank 0 listens at address:port; all ranks are given the same ones.
struct GroupOptions {
  int rank = 0;
  int world_size = 1;
  std::string address = "127.0.0.1";
  std::uint16_t port = 29500;
  /// The GPU that this rank has for itself, as all others have one: then they exchange over NCCL; else over
  /// Gloo.
  int gpu = -1;
  /// How long joining, or any one exchange, waits for the others: the longest that ranks may be apart in a
  /// step.
  std::chrono::milliseconds timeout{300'000};

  /// From RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun and its like set them; nothing if
  /// WORLD_SIZE is not set. Throws UsageError if they make no sense.
  static std::optional<GroupOptions> from_environment();
};

/// Some processes that train together, each with the whole model and a share of the samples (data parallel,
/// over torch's c10d). Every rank makes the same calls in the same order, from one thread.
/// Exchanges throw Error when a rank is gone or does not come within the timeout; the group is of no use
/// after that.
class Group {
 public:
  /// Waits for all ranks. Throws Error if they do not come, UsageError for options that make no sense.
  static std::shared_ptr<Group> join(const GroupOptions& options);
  virtual ~Group() = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int rank() const { return options_.rank; }
  int size() const { return options_.world_size; }

  /// Replaces each number by its sum over all ranks: the same bits on every rank.
  virtual void sum(std::span<double> values) = 0;
  /// On any device.
  virtual void sum(at::Tensor& values) = 0;
  /// Returns once all ranks have come here.
  void barrier();

 protected:
  explicit Group(GroupOptions options) : options_(std::move(options)) {}

  GroupOptions options_;
};

/// The GPU that a rank has for itself on a machine with `local_ranks` of them: its own number with the device
/// "cuda", if there are enough GPUs; else -1.
int gpu_of_rank(const std::string& device, int local_rank, int local_ranks);

/// A TCP port of the loopback interface that nobody listens at now, for ranks on one machine.
std::uint16_t free_port();

}  // namespace focusllm::train

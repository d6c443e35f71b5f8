#include <cstdlib>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/error.h"
#include "train/group_backend.h"

namespace focusllm::train {
namespace {

/// The network interface that ranks reach each other by: GLOO_SOCKET_IFNAME, loopback for ranks on one
/// machine, else the one that the machine's own name stands for.
auto network(const GroupOptions& options) {
  using c10d::ProcessGroupGloo;
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME")) {
    return ProcessGroupGloo::createDeviceForInterface(interface);
  }
  const bool loopback = options.address.starts_with("127.") || options.address == "localhost";
  return loopback ? ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                  : ProcessGroupGloo::createDefaultDevice();
}

class GlooGroup final : public Group {
 public:
  explicit GlooGroup(const GroupOptions& options) : Group(options) {
    try {
      c10d::TCPStoreOptions store;
      store.port = options.port;
      store.isServer = options.rank == 0;
      store.numWorkers = static_cast<std::size_t>(options.world_size);
      store.timeout = options.timeout;
      auto gloo = c10d::ProcessGroupGloo::Options::create(options.timeout);
      gloo->devices.push_back(network(options));
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
          c10::make_intrusive<c10d::TCPStore>(options.address, store), options.rank, options.world_size,
          gloo);
    } catch (const std::exception& error) {
      fail("rank {} of {}: could not join the others at {}:{} within {} s: {}", options.rank,
           options.world_size, options.address, options.port,
           static_cast<double>(options.timeout.count()) / 1000, first_line(error));
    }
  }

  void sum(std::span<float> values) override { all_reduce(values.data(), values.size(), torch::kFloat); }
  void sum(std::span<double> values) override { all_reduce(values.data(), values.size(), torch::kDouble); }

 private:
  void all_reduce(void* data, std::size_t count, torch::Dtype type) {
    if (count == 0) return;
    try {
      std::vector<at::Tensor> tensors{torch::from_blob(data, {static_cast<std::int64_t>(count)}, type)};
      group_->allreduce(tensors)->wait();
    } catch (const std::exception& error) {
      fail("rank {} of {}: lost the other ranks, one of them stopped or was too slow (more than {} s): {}",
           options_.rank, options_.world_size, static_cast<double>(options_.timeout.count()) / 1000,
           first_line(error));
    }
  }
  static std::string first_line(const std::exception& error) {
    const std::string text = error.what();
    return text.substr(0, text.find('\n'));
  }

  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::shared_ptr<Group> join_backend(const GroupOptions& options) {
  return std::make_shared<GlooGroup>(options);
}

}  // namespace focusllm::train

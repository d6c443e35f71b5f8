#include <cstdlib>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "train/group_c10d.h"
#include "train/group_store.h"

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

class GlooGroup final : public C10dGroup {
 public:
  explicit GlooGroup(const GroupOptions& options) : C10dGroup(options) {
    connect([&] {
      auto gloo = c10d::ProcessGroupGloo::Options::create(options.timeout);
      gloo->devices.push_back(network(options));
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(meeting_point(options), options.rank,
                                                           options.world_size, gloo);
    });
  }

 private:
  c10::Device device() const override { return torch::kCPU; }
  void all_reduce(const at::Tensor& values) override {
    std::vector<at::Tensor> tensors{values};
    group_->allreduce(tensors)->wait();
  }

  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::shared_ptr<Group> join_gloo(const GroupOptions& options) {
  return std::make_shared<GlooGroup>(options);
}

}  // namespace focusllm::train

// Ranks with a GPU each.
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "train/group_c10d.h"
#include "train/group_store.h"

namespace focusllm::train {
namespace {

class NcclGroup final : public C10dGroup {
 public:
  explicit NcclGroup(const GroupOptions& options)
      : C10dGroup(options), device_(torch::kCUDA, static_cast<c10::DeviceIndex>(options.gpu)) {
    connect([&] {
      auto nccl = c10d::ProcessGroupNCCL::Options::create();
      nccl->timeout = options.timeout;
      group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(meeting_point(options), options.rank,
                                                           options.world_size, nccl);
      all_reduce(torch::zeros({1}, device_));  // NCCL itself connects with the first exchange
    });
  }

 private:
  c10::Device device() const override { return device_; }
  // Reading a result back waits for the stream: an exchange that fails later ends the process by c10d's
  // watchdog.
  void all_reduce(const at::Tensor& values) override {
    std::vector<at::Tensor> tensors{values};
    const auto work = group_->allreduce(tensors);
    work->wait();
    work->synchronize();
    values.flatten()[0].item();
  }

  c10::Device device_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
};

}  // namespace

std::shared_ptr<Group> join_nccl(const GroupOptions& options) {
  return std::make_shared<NcclGroup>(options);
}

}  // namespace focusllm::train

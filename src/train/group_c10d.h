#pragma once

#include <functional>

#include "train/group_backend.h"

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

namespace focusllm::train {

/// What groups over torch's c10d have in common: errors that say which rank lost the others.
class C10dGroup : public Group {
 public:
  void sum(std::span<double> values) override;
  void sum(at::Tensor& values) override;

 protected:
  using Group::Group;
  /// Runs what meets the other ranks.
  void connect(const std::function<void()>& work) const;
  /// Where the numbers have to be for an exchange.
  virtual c10::Device device() const = 0;
  /// In place, returns when it is done.
  virtual void all_reduce(const at::Tensor& values) = 0;
};

std::shared_ptr<Group> join_gloo(const GroupOptions& options);
std::shared_ptr<Group> join_nccl(const GroupOptions& options);

}  // namespace focusllm::train

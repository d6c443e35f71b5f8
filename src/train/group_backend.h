#pragma once

#include "train/group.h"

namespace focusllm::train {

/// A group of several ranks: over NCCL or Gloo, or in a build without them an Error that says so.
std::shared_ptr<Group> join_backend(const GroupOptions& options);

}  // namespace focusllm::train

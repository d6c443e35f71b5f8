#pragma once

#include "train/group.h"

namespace focusllm::train {

/// A group of several ranks: by Gloo, or in a build without its headers an Error that says so.
std::shared_ptr<Group> join_backend(const GroupOptions& options);

}  // namespace focusllm::train

#include "base/error.h"
#include "train/group_backend.h"

namespace focusllm::train {

std::shared_ptr<Group> join_backend(const GroupOptions&) {
  fail("this build trains in one process only: install Gloo's headers (libgloo-dev) and build again");
}

}  // namespace focusllm::train

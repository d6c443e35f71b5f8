#pragma once

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "train/group.h"

namespace focusllm::train {

/// Where ranks find each other: rank 0 serves it. Throws what torch throws.
inline c10::intrusive_ptr<c10d::TCPStore> meeting_point(const GroupOptions& options) {
  c10d::TCPStoreOptions store;
  store.port = options.port;
  store.isServer = options.rank == 0;
  store.numWorkers = static_cast<std::size_t>(options.world_size);
  store.timeout = options.timeout;
  return c10::make_intrusive<c10d::TCPStore>(options.address, store);
}

}  // namespace focusllm::train

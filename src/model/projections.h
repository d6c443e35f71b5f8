#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "model/spec.h"

namespace focusllm::model {

/// One of the attention's matrices in each layer: those that candidates have of their own.
struct Projection {
  const char* name;
  std::int64_t outputs, inputs;

  /// As files call it.
  std::string tensor(int layer) const;
};

/// q, k, v, o.
std::array<Projection, 4> projections(const Spec& spec);

}  // namespace focusllm::model

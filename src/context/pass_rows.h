#pragma once

#include <cstdint>

namespace focusllm::context {

/// Rows in a pass: enough for the products' peak, few enough for the caches.
inline constexpr std::int64_t kPassRows = 512;

}  // namespace focusllm::context

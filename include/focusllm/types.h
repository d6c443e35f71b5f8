#pragma once

#include <cstdint>
#include <string_view>

namespace focusllm {

using Token = std::int32_t;

/// Number types in which keys and values are kept.
enum class KvType { f32, bf16, int8 };
/// As options and results call them: "f32", "bf16", "int8".
std::string_view kv_type_name(KvType type);

/// Number type in which rows are read. `automatic`: the fastest type on this machine that keeps perplexity
/// within 0.5 % for the file's own precision (int8 only for quantised files).
enum class ProductType { automatic, f32, bf16, int8 };
/// "auto" or as above.
std::string_view product_type_name(ProductType type);

/// What went to a slower tier, and how often it was needed.
struct TierUse {
  std::int64_t disk_bytes = 0;
  std::int64_t found = 0;  ///< memory blocks chosen that stood in memory, over all layers
  std::int64_t read = 0;   ///< those that came from the file
};

}  // namespace focusllm

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/session.h"

namespace focusllm {

/// What this machine reaches with an engine's threads, measured now: the limits that rates are held against.
struct Peaks {
  double read_bandwidth = 0;  ///< GB/s (1e9 bytes)
  double f32 = 0;             ///< GFLOP/s of products on registers; 0: no such instructions
  double bf16 = 0;
  double int8 = 0;

  double product(ProductType type) const;
};
/// Takes about a second.
Peaks measure_peaks(const Engine& engine);

/// The least time that the peaks allow (docs/performance.md, "The limits"); what is counted is what any
/// implementation has to do. `options.method` is a method, not auto; `kv_type` is what the session really
/// used. 0 where a peak is not known.
/// Tokens/s when the first `tokens` tokens are read: operations of the layers' products and of attention.
double reading_limit(const Engine& engine, const ContextOptions& options, KvType kv_type, const Peaks& peaks,
                     std::int64_t tokens);
/// Tokens/s of all of `sessions` together, each after `depth` tokens: bytes of the weights, once, and of the
/// keys and values that each one's token sees.
double answering_limit(const Engine& engine, const ContextOptions& options, KvType kv_type,
                       const Peaks& peaks, std::int64_t depth, int sessions = 1);

/// What computes the products of a layer's matrices.
struct ProductKernel {
  std::string name;          ///< of the matrices: "qkv", ..., "head"
  std::string type, kernel;  ///< of rows that are read; empty for the head, which only answers
  std::string weights;       ///< block types in the file
  std::string answer_kernel;
};
/// Of the first layer, and the head.
std::vector<ProductKernel> product_kernels(const Engine& engine);
/// What computes attention to keys and values of a type.
std::string_view attention_kernel(const Engine& engine, KvType type);

}  // namespace focusllm

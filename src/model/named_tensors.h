#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/gguf.h"
#include "tensor/block_type.h"

namespace focusllm::model {

/// A file's tensors by name, with their shapes checked. Remembers which were asked for, so that one that
/// nobody asked for does not go unnoticed. The file outlives this.
class NamedTensors {
 public:
  explicit NamedTensors(const gguf::File& file) : file_(file) {}

  /// Null if there is none.
  const gguf::Tensor* find(const std::string& name);
  /// Throws Error if there is none, or if it has another shape.
  BlockMatrix matrix(const std::string& name, std::int64_t rows, std::int64_t cols);
  /// The same for numbers, as f32 [size].
  std::vector<float> vector(const std::string& name, std::int64_t size);
  /// Throws Error naming a tensor that nobody asked for, and `says`.
  void check_all_used(std::string_view says) const;

 private:
  const gguf::File& file_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace focusllm::model

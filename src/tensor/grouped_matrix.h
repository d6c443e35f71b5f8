#pragma once

#include <cstdint>

#include "base/memory.h"
#include "tensor/group_form.h"

namespace focusllm {

/// A quantised matrix in groups of 16 outputs, in about its size in the file: the one form that all products
/// read. Channels behind the last output are zeros. Const after construction.
class GroupedMatrix {
 public:
  /// Bytes of the copy, before it is made; 0 for a type without such a form (floats, which products read
  /// where they are).
  static std::int64_t bytes(const BlockMatrix& source);
  /// Copies the matrix, with all threads. Its type has a form.
  explicit GroupedMatrix(const BlockMatrix& source);

  std::int64_t groups() const { return groups_; }
  WeightGroup group(std::int64_t index) const {
    const std::uint8_t* quants = data_.data() + index * (quant_bytes_ + scale_bytes_);
    return {quants, quants + quant_bytes_};
  }

 private:
  void pack_group(const BlockMatrix& source, std::int64_t group);

  std::int64_t groups_ = 0;
  std::int64_t quant_bytes_ = 0;  ///< of a group
  std::int64_t scale_bytes_ = 0;
  AlignedBuffer<std::uint8_t> data_;
};

}  // namespace focusllm

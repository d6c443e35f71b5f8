#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/kv_rows.h"

namespace focusllm::memory {

/// How keys or values of `capacity` tokens of one layer lie in memory or in a file, in pages, segments and
/// records of blocks alike. Such a side is
///
///   data    [kv_heads, capacity, dim] of the type, little-endian, from its first byte on,
///   scales  [kv_heads, capacity] f32, for int8 only, from scales_offset() on.
///
/// Both begin at multiples of kAlignment bytes, and so does what follows a side. Layers stand behind each
/// other, the keys of each before its values. Const, thread-safe.
class KvLayout {
 public:
  static constexpr std::int64_t kAlignment = 64;
  /// The next multiple of kAlignment.
  static std::int64_t aligned(std::int64_t bytes);

  KvLayout(const HeadShape& shape, KvType type, std::int64_t capacity);

  const HeadShape& shape() const { return shape_; }
  KvType type() const { return type_; }
  std::int64_t capacity() const { return capacity_; }
  std::int64_t scales_offset() const { return scales_offset_; }
  std::int64_t side_bytes() const { return side_bytes_; }
  std::int64_t bytes(int layers) const { return 2 * layers * side_bytes_; }

  /// Keys or values of one token, f32 [kv_heads, dim], into slot `token` of a side.
  void store(const float* row, std::int64_t token, std::byte* side) const;
  /// One head of a token back as floats: out [dim].
  void load(const std::byte* side, int kv_head, std::int64_t token, float* out) const;
  /// Tokens as they lie in a run, whose heads may be another number of tokens apart, into slots from `token`
  /// on of two sides, keys and values.
  void copy(const attention::KvRun& run, std::int64_t token, std::byte* keys, std::byte* values) const;
  /// The first `tokens` tokens of a side into another one.
  void copy_side(const std::byte* from, std::int64_t tokens, std::byte* to) const;
  /// Zeros between what a side holds, so that equal sides are equal bytes.
  void clear_gaps(std::byte* side) const;
  /// `count` tokens from `token` on of two sides, the first at `position`.
  attention::KvRun run(const std::byte* keys, const std::byte* values, std::int64_t token, std::int64_t count,
                       std::int64_t position) const {
    const std::int64_t data = token * head_bytes_;
    return {keys + data, values + data, scales(keys, token), scales(values, token), capacity_,
            count,       position};
  }

 private:
  const float* scales(const std::byte* side, std::int64_t token) const {
    if (type_ != KvType::int8) return nullptr;
    return reinterpret_cast<const float*>(side + scales_offset_) + token;
  }
  std::int64_t rows() const { return shape_.kv_heads * capacity_; }

  HeadShape shape_;
  KvType type_;
  std::int64_t capacity_;
  std::int64_t head_bytes_;  ///< one head of one token
  std::int64_t scales_offset_, side_bytes_;
};

}  // namespace focusllm::memory

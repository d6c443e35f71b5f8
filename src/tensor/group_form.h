#pragma once

#include <cstdint>

#include "tensor/block_type.h"

namespace focusllm {

/// Output channels whose blocks are interleaved, so that one vector holds the same elements of all of them
/// and sums need no reduction across lanes.
inline constexpr long kGroupChannels = 16;

/// How the blocks of a quantised type are rearranged for products: 16 outputs (a group) side by side, in the
/// file's own number of bits. The quants of one block of the file are words of four bytes; word w of all
/// channels stands at [w][16][4]. Behind the quants of all blocks come their scales, block by block:
///   blocks of 32:  f16 scale [16], and f16 minimum [16] where there are minima;
///   blocks of 256: one byte for each part's scale [parts][16], the same for minima, then f16 d [16] and
///                  f16 dmin [16].
/// value = scale * (quant - zero) without minima, scale * quant + minimum with them.
struct GroupForm {
  bool known = false;      ///< false: only the dequantised floats can be had
  int bits = 0;            ///< of a quant; values below 1 << bits
  bool minima = false;     ///< each part has its minimum
  int elements = 0;        ///< of a block
  int part = 0;            ///< elements that share a scale: 32 or 16
  int words = 0;           ///< of four bytes, a block's quants
  bool is_signed = false;  ///< scales of parts are signed bytes

  constexpr int zero() const { return minima ? 0 : 1 << (bits - 1); }
  constexpr int parts() const { return elements / part; }
  /// Of one block of 16 channels.
  constexpr long quant_bytes() const { return 64L * words; }
  constexpr long scale_bytes() const {
    const long bytes_of_parts = elements == 32 ? 0 : parts() * (minima ? 2 : 1);
    return kGroupChannels * (bytes_of_parts + (minima ? 4 : 2));
  }
};

/// The IQ4 types' levels are stored as indices of four bits and looked up by the kernels, so that their
/// quants are bytes with a zero of 128.
constexpr bool has_levels(BlockType type) {
  return type == BlockType::iq4_nl || type == BlockType::iq4_xs;
}

constexpr GroupForm group_form(BlockType type) {
  const auto small = [](int bits, bool minima, int words) {
    return GroupForm{true, bits, minima, 32, 32, words, false};
  };
  const auto large = [](int bits, bool minima, int part, int words, bool is_signed) {
    return GroupForm{true, bits, minima, 256, part, words, is_signed};
  };
  switch (type) {
    case BlockType::q4_0:
      return small(4, false, 4);
    case BlockType::q4_1:
      return small(4, true, 4);
    case BlockType::q5_0:
      return small(5, false, 5);
    case BlockType::q5_1:
      return small(5, true, 5);
    case BlockType::q8_0:
      return small(8, false, 8);
    case BlockType::iq4_nl:
      return small(8, false, 4);
    case BlockType::q2_k:
      return large(2, true, 16, 16, false);
    case BlockType::q3_k:
      return large(3, false, 16, 24, true);
    case BlockType::q4_k:
      return large(4, true, 32, 32, false);
    case BlockType::q5_k:
      return large(5, true, 32, 40, false);
    case BlockType::q6_k:
      return large(6, false, 16, 48, true);
    case BlockType::iq4_xs:
      return large(8, false, 32, 32, true);
    default:
      return {};
  }
}

/// What a group's scales take up: the next group begins with a line of the cache.
constexpr long whole_lines(long bytes) {
  return (bytes + 63) / 64 * 64;
}

/// 16 output channels of a matrix, in the layout of GroupForm: quants of all blocks, scales of all blocks,
/// and behind whole_lines() of these the next group.
struct WeightGroup {
  const std::uint8_t* quants;
  const std::uint8_t* scales;
};

}  // namespace focusllm

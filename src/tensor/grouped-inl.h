#pragma once

// Reads the blocks of a group of 16 channels (group_form.h) as vectors whose lanes are channels. For kernel
// sources only.

#include "tensor/channel_vector.h"
#include "tensor/group_form.h"

namespace focusllm::FOCUSLLM_ISA {
namespace {

// The first rows that a group's weights pass by wait for them: they are asked for so far in advance that
// memory and products overlap, past the end of a page, where the processor itself does not look, and past the
// group's end, as the next one stands there. Into the second-level cache: the nearest one has too few
// requests under way. Narrower vectors multiply no faster than memory delivers, so that asking only costs
// them time.
// A thread's part of a small matrix ends soon, and what is asked for behind it is not read; large blocks
// stand in large matrices.
constexpr long kSmallBlocksAhead = 8192;
constexpr long kLargeBlocksAhead = 16384;

inline __attribute__((always_inline)) void ask_for(const std::uint8_t* from, long bytes) {
  for (long i = 0; i < bytes; i += 64) __builtin_prefetch(from + i, 0, 2);
}

/// Asks for the quants, or the scales, of consecutive groups in the order in which they are read. Those of a
/// group are `length` bytes, and the next group's stand `gap` bytes behind them.
class Ahead {
 public:
  Ahead(const std::uint8_t* from, long length, long gap, long ahead)
      : at_(from + ahead + ahead / length * gap),
        left_(length - ahead % length),
        length_(length),
        gap_(gap) {}
  inline __attribute__((always_inline)) void ask(long bytes) {
    ask_for(at_, bytes);
    at_ += bytes;
    left_ -= bytes;
    if (left_ > 0) return;
    at_ += gap_;
    left_ += length_;
  }

 private:
  const std::uint8_t* at_;
  long left_, length_, gap_;
};

/// Asks for both, 32 elements after 32 elements, while a group `width` elements wide is read.
template <BlockType kType>
class GroupAhead {
 public:
  GroupAhead(const WeightGroup& group, long width)
      : GroupAhead(group, width / kForm.elements * kForm.quant_bytes(),
                   width / kForm.elements * kForm.scale_bytes()) {}
  inline __attribute__((always_inline)) void ask() {
    quants_.ask(kForm.quant_bytes() / kParts);
    scales_.ask(kForm.scale_bytes() / kParts);
  }

 private:
  static constexpr GroupForm kForm = group_form(kType);
  static constexpr long kParts = kForm.elements / 32;
  static constexpr long kQuantsAhead = kParts == 1 ? kSmallBlocksAhead : kLargeBlocksAhead;
  static constexpr long kScalesAhead = kQuantsAhead / kForm.quant_bytes() * kForm.scale_bytes();

  GroupAhead(const WeightGroup& group, long quants, long scales)
      : quants_(group.quants, quants, whole_lines(scales), kQuantsAhead),
        scales_(group.scales, scales, whole_lines(scales) - scales + quants, kScalesAhead) {}

  Ahead quants_, scales_;
};

/// The bits of `mask` << from in each byte, moved to `mask` << to.
inline Bytes move_bits(Bytes a, int from, int to, int mask) {
  if (to > from) return bits_of(shift_left(a, to - from), mask << to);
  return bits_of(shift_right(a, from - to), mask << to);
}

/// The levels of the IQ4 types as bytes with a zero of 128.
alignas(16) inline constexpr std::uint8_t kLevels[16] = {1,   24,  45,  63,  79,  93,  106, 118,
                                                         129, 141, 153, 166, 181, 197, 217, 241};

/// 32 consecutive elements, `sub` of a block (0 in a block of 32), of the channels from `channel` on:
/// elements 4j to 4j + 3 of a channel stand in the four bytes of its lane in four[j].
template <BlockType kType>
inline void load_quants(const std::uint8_t* block, int sub, int channel, Bytes (&four)[8]) {
  const auto word = [&](int w) { return load_bytes(block + 64 * w + 4 * channel); };
  const int pair = sub / 2 * 8;  // of Q4_K and Q5_K: two parts share bytes
  const int quarter = sub % 4;   // of Q2_K, Q3_K and Q6_K: four rows of 32 share bytes
  const int half = sub / 4;
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j) {
    if constexpr (kType == BlockType::q8_0) {
      four[j] = word(j);
    } else if constexpr (kType == BlockType::q2_k) {
      four[j] = move_bits(word(half * 8 + j), 2 * quarter, 0, 3);
    } else if constexpr (kType == BlockType::q3_k) {
      four[j] = either(move_bits(word(8 + half * 8 + j), 2 * quarter, 0, 3), move_bits(word(j), sub, 2, 1));
    } else if constexpr (kType == BlockType::q4_k) {
      four[j] = move_bits(word(pair + j), sub % 2 * 4, 0, 15);
    } else if constexpr (kType == BlockType::q5_k) {
      four[j] = either(move_bits(word(8 + pair + j), sub % 2 * 4, 0, 15), move_bits(word(j), sub, 4, 1));
    } else if constexpr (kType == BlockType::q6_k) {
      four[j] = either(move_bits(word(half * 16 + quarter % 2 * 8 + j), quarter / 2 * 4, 0, 15),
                       move_bits(word(32 + half * 8 + j), 2 * quarter, 4, 3));
    } else {  // the types of 32 with nibbles, and IQ4_XS, whose parts look like theirs
      four[j] = move_bits(word(4 * sub + j % 4), j / 4 * 4, 0, 15);
      if constexpr (kType == BlockType::q5_0 || kType == BlockType::q5_1)
        four[j] = either(four[j], move_bits(word(4), j, 4, 1));
      if constexpr (has_levels(kType)) four[j] = look_up(kLevels, four[j]);
    }
  }
}

/// Scale of a part of a block, and its minimum (only where there are minima).
template <BlockType kType>
inline void load_scale(const std::uint8_t* block, int part, int channel, Values& scale, Values& minimum) {
  constexpr GroupForm kForm = group_form(kType);
  if constexpr (kForm.elements == 32) {
    scale = load_halves(block + 2 * channel);
    if constexpr (kForm.minima) minimum = load_halves(block + 2 * kGroupChannels + 2 * channel);
  } else {
    constexpr int kParts = kForm.parts();
    constexpr long kHalves = kParts * kGroupChannels * (kForm.minima ? 2 : 1);
    const std::uint8_t* halves = block + kHalves + 2 * channel;
    const std::uint8_t* from = block + part * kGroupChannels + channel;
    scale = multiply(load_halves(halves), kForm.is_signed ? load_signed(from) : load_unsigned(from));
    if constexpr (kForm.minima)
      minimum = multiply(load_halves(halves + 2 * kGroupChannels),
                         negative(load_unsigned(from + kParts * kGroupChannels)));
  }
}

/// Puts results [rows, 16] of a group into y, or adds them.
inline void add_results(const float* results, long rows, float* y, long stride, long columns,
                        bool accumulate) {
  for (long r = 0; r < rows; ++r, y += stride, results += kGroupChannels) {
    for (long c = 0; c < columns; ++c) y[c] = accumulate ? y[c] + results[c] : results[c];
  }
}

template <BlockType kType>
struct TypeTag {
  static constexpr BlockType value = kType;
};

/// Calls body(TypeTag<type>) for a type that has a form.
template <typename Body>
inline void for_form(BlockType type, const Body& body) {
  switch (type) {
    case BlockType::q4_0:
      return body(TypeTag<BlockType::q4_0>{});
    case BlockType::q4_1:
      return body(TypeTag<BlockType::q4_1>{});
    case BlockType::q5_0:
      return body(TypeTag<BlockType::q5_0>{});
    case BlockType::q5_1:
      return body(TypeTag<BlockType::q5_1>{});
    case BlockType::q8_0:
      return body(TypeTag<BlockType::q8_0>{});
    case BlockType::q2_k:
      return body(TypeTag<BlockType::q2_k>{});
    case BlockType::q3_k:
      return body(TypeTag<BlockType::q3_k>{});
    case BlockType::q4_k:
      return body(TypeTag<BlockType::q4_k>{});
    case BlockType::q5_k:
      return body(TypeTag<BlockType::q5_k>{});
    case BlockType::q6_k:
      return body(TypeTag<BlockType::q6_k>{});
    case BlockType::iq4_nl:
      return body(TypeTag<BlockType::iq4_nl>{});
    case BlockType::iq4_xs:
      return body(TypeTag<BlockType::iq4_xs>{});
    case BlockType::f32:
    case BlockType::f16:
    case BlockType::bf16:
      return;
  }
}

}  // namespace
}  // namespace focusllm::FOCUSLLM_ISA

#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/group_form.h"

namespace focusllm {

/// Output channels whose weights are unpacked together for products of many rows.
inline constexpr long kPanelChannels = 64;
/// Elements that share a scale in int8 products, of a row of activations and of a channel's weights; what is
/// left at the end, up to twice as many less one step, is one block too.
inline constexpr long kScaledElements = 256;
inline constexpr long kMostScaled = 2 * kScaledElements;
/// Elements of a panel that are unpacked at a time, a multiple of kScaledElements and of every block of a
/// file; a last block's worth more where that is all that is left.
inline constexpr long kPanelDepth = 2304;
inline constexpr long kMostPanelDepth = kPanelDepth + kScaledElements;
/// A panel's depth and the width of quantised rows are multiples of this, and so many elements are mixed with
/// each other before they are rounded to int8.
inline constexpr long kDepthStep = 64;

/// The next block, where `left` elements (a multiple of kDepthStep) are left. (static: the sources of each
/// instruction set have their own.)
static inline long scaled_block(long left) {
  return left < kMostScaled ? left : kScaledElements;
}
/// Blocks of `depth` elements.
static inline long scaled_blocks(long depth) {
  return depth < kMostScaled ? 1 : depth / kScaledElements;
}
/// Where the weights of up to 64 channels of one matrix come from: elements [first, first + depth) of each.
struct PanelSource {
  BlockType type;
  const WeightGroup* groups;  ///< of a type that has a form: ceil(channels / 16) of them
  const std::byte* rows;      ///< floats: the first channel's row in the file, channels `row_bytes` apart
  long row_bytes;
  long channels;
  long first;  ///< a multiple of kPanelDepth
  long depth;
};

}  // namespace focusllm

// Compiled once for each instruction set (focusllm_kernel).
#include "tensor/int8_kernel.h"

#include "tensor/int8_rotation-inl.h"
#if defined __AMX_INT8__
#include "tensor/int8_amx-inl.h"
#elif defined __AVX512VNNI__
#include "tensor/int8_vnni-inl.h"
#else
#include "tensor/int8_plain-inl.h"
#endif
#if defined __AVX512VNNI__
#include "tensor/int8_unpack-inl.h"
#else
#include "tensor/int8_unpack_plain-inl.h"
#endif

namespace focusllm::FOCUSLLM_ISA {
namespace {

void quantize(const float* x, long width, std::uint8_t* quants, long step_stride, float* scales,
              long scale_stride) {
  const long end = (width + kDepthStep - 1) / kDepthStep * kDepthStep;
  for (long k = 0; k < end; scales += scale_stride) {
    const long size = scaled_block(end - k);
    *scales = quantize_block(x + k, width - k, size, quants + k / kDepthStep * step_stride, step_stride);
    k += size;
  }
}

/// One channel of one block of a panel; zeros where `count` elements are none.
void pack_channel(const float* weights, long count, long size, std::int8_t* to, std::int32_t& start,
                  float& scale) {
  std::uint8_t bytes[kMostScaled];
  const float rotated = quantize_block(weights, count, size, bytes, kDepthStep);
  std::int32_t sum = 0;
  for (long i = 0; i < size; ++i) {
    const int value = bytes[i] - 128;
    to[i / 4 * 4 * kPanelChannels + i % 4] = static_cast<std::int8_t>(value);
    sum += value;
  }
  start = -128 * sum;
  // Two unnormalised matrices multiply by their size.
  scale = rotated / static_cast<float>(kDepthStep);
}

void pack(const float* weights, long channels, long stride, long depth, const Int8Panel& panel) {
  long block = 0;
  for (long k = 0; k < panel.depth; ++block) {
    const long size = scaled_block(panel.depth - k);
    for (long c = 0; c < kPanelChannels; ++c) {
      pack_channel(weights + c * stride + k, c < channels ? depth - k : 0, size,
                   panel.quants + k * kPanelChannels + 4 * c, panel.start[block * kPanelChannels + c],
                   panel.scales[block * kPanelChannels + c]);
    }
    k += size;
  }
}

void clear_channels(const Int8Panel& panel, long from) {
  for (long k = 0; k < panel.depth; k += 4)
    __builtin_memset(panel.quants + k * kPanelChannels + 4 * from, 0,
                     static_cast<std::size_t>(4 * (kPanelChannels - from)));
  for (long block = 0; block < scaled_blocks(panel.depth); ++block) {
    for (long c = from; c < kPanelChannels; ++c) {
      panel.start[block * kPanelChannels + c] = 0;
      panel.scales[block * kPanelChannels + c] = 0;
    }
  }
}

template <BlockType kType>
void unpack_type(const PanelSource& source, const Int8Panel& panel) {
  const long groups = (source.channels + kGroupChannels - 1) / kGroupChannels;
  long block = 0;
  for (long k = 0; k < panel.depth; ++block) {
    const long size = scaled_block(panel.depth - k);
    const long count = source.depth - k < size ? source.depth - k : size;
    for (long group = 0; group < groups; ++group) {
      const long c = group * kGroupChannels;
      unpack_block<kType>(source.groups[group], source.first + k, count, size,
                          panel.quants + k * kPanelChannels + 4 * c, panel.start + block * kPanelChannels + c,
                          panel.scales + block * kPanelChannels + c);
    }
    k += size;
  }
  if (groups * kGroupChannels < kPanelChannels) clear_channels(panel, groups * kGroupChannels);
}

void unpack(const PanelSource& source, const Int8Panel& panel) {
  for_form(source.type, [&](auto tag) { unpack_type<tag.value>(source, panel); });
}

}  // namespace

constinit const Int8Kernel int8_kernel{kRowsTogether, kTileRows, quantize, unpack, pack, multiply};

}  // namespace focusllm::FOCUSLLM_ISA

#include "tensor/grouped_matrix.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ceil_div.h"
#include "base/threads.h"
#include "tensor/dequantize_blocks.h"
#include "tensor/stack.h"

namespace focusllm {
namespace {

using blocks::Byte;

/// Where a block's fields stand in the file.
struct FileBlock {
  int quants = 0;  ///< offset of the quants, all words but those of high bits
  int high = -1;   ///< offset of the high bits where they stand apart, -1 if there are none
  int high_words = 0;
  int d = 0;  ///< offset of the f16 factor
  int minimum = -1;
};

constexpr FileBlock file_block(BlockType type) {
  switch (type) {
    case BlockType::q4_0:
    case BlockType::q8_0:
    case BlockType::iq4_nl:
      return {.quants = 2};
    case BlockType::q4_1:
      return {.quants = 4, .minimum = 2};
    case BlockType::q5_0:
      return {.quants = 6, .high = 2, .high_words = 1};
    case BlockType::q5_1:
      return {.quants = 8, .high = 4, .high_words = 1, .minimum = 2};
    case BlockType::q2_k:
      return {.quants = 16, .d = 80, .minimum = 82};
    case BlockType::q3_k:
      return {.quants = 32, .high = 0, .high_words = 8, .d = 108};
    case BlockType::q4_k:
      return {.quants = 16, .minimum = 2};
    case BlockType::q5_k:
      return {.quants = 48, .high = 16, .high_words = 8, .minimum = 2};
    case BlockType::q6_k:
      return {.quants = 0, .high = 128, .high_words = 16, .d = 208};
    case BlockType::iq4_xs:
      return {.quants = 8};
    default:
      return {};
  }
}

/// Bits 4j + i to bit j of byte i, for the 32 high bits of a block of 32: as the quants' words have element
/// 4j + i in byte i of word j.
std::uint32_t high_bits_by_byte(std::uint32_t bits) {
  std::uint32_t by_byte = 0;
  for (unsigned i = 0; i < 4; ++i) {
    std::uint32_t x = bits >> i & 0x11111111U;  // every fourth bit, moved together by halves
    x = (x | x >> 3) & 0x03030303U;
    x = (x | x >> 6) & 0x000f000fU;
    x = (x | x >> 12) & 0xffU;
    by_byte |= x << 8 * i;
  }
  return by_byte;
}

std::uint32_t load_word(const Byte* from) {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}

/// Blocks of one column of the file: block b of channel c at sources[c]; null for channels that are not
/// there.
using Sources = std::array<const Byte*, kGroupChannels>;

template <typename Change>
void put_words(const Sources& sources, int offset, int words, std::uint8_t* to, Change change) {
  for (int w = 0; w < words; ++w) {
    std::uint32_t row[kGroupChannels];
    for (std::size_t c = 0; c < kGroupChannels; ++c)
      row[c] = sources[c] == nullptr ? 0 : change(load_word(sources[c] + offset + 4 * w));
    std::memcpy(to + 64 * w, row, 64);
  }
}

/// The words of high bits first where they stand apart, but for Q5_0 and Q5_1 and Q6_K (behind the others).
void put_quants(BlockType type, const Sources& sources, std::uint8_t* to) {
  const FileBlock block = file_block(type);
  const int words = group_form(type).words - block.high_words;
  const auto same = [](std::uint32_t word) { return word; };
  const bool first = type == BlockType::q3_k || type == BlockType::q5_k;
  std::uint8_t* low = to + (first ? 64 * block.high_words : 0);
  if (type == BlockType::q8_0) {  // two's complement to an offset of 128
    put_words(sources, block.quants, words, low, [](std::uint32_t word) { return word ^ 0x80808080U; });
  } else {
    put_words(sources, block.quants, words, low, same);
  }
  if (block.high_words == 0) return;
  std::uint8_t* high = first ? to : to + 64 * words;
  if (block.high_words == 1) {
    put_words(sources, block.high, 1, high, high_bits_by_byte);
  } else {
    put_words(sources, block.high, block.high_words, high, same);
  }
}

/// Scales and minima of one block's parts as bytes, in the order of the parts.
void part_scales(BlockType type, const Byte* block, std::uint8_t* scales, std::uint8_t* minima) {
  const int parts = group_form(type).parts();
  switch (type) {
    case BlockType::q2_k:
      for (int i = 0; i < parts; ++i) {
        scales[i] = block[i] & 15;
        minima[i] = block[i] >> 4;
      }
      return;
    case BlockType::q3_k:
      for (int i = 0; i < parts; ++i)
        scales[i] = static_cast<std::uint8_t>(blocks::q3_scale(block + 96, static_cast<std::size_t>(i)));
      return;
    case BlockType::q4_k:
    case BlockType::q5_k:
      for (int i = 0; i < parts; ++i) {
        const auto [scale, minimum] = blocks::scale_min(block + 4, static_cast<std::size_t>(i));
        scales[i] = static_cast<std::uint8_t>(scale);
        minima[i] = static_cast<std::uint8_t>(minimum);
      }
      return;
    case BlockType::q6_k:
      std::memcpy(scales, block + 192, static_cast<std::size_t>(parts));
      return;
    case BlockType::iq4_xs:
      for (int i = 0; i < parts; ++i)
        scales[i] = static_cast<std::uint8_t>(blocks::iq4_xs_scale(block, static_cast<std::size_t>(i)));
      return;
    default:
      return;
  }
}

void put_half(const Byte* from, std::uint8_t* to) {
  std::memcpy(to, from, 2);
}

void put_scales(BlockType type, const Sources& sources, std::uint8_t* to) {
  const GroupForm form = group_form(type);
  const FileBlock block = file_block(type);
  const int parts = form.elements == 32 ? 0 : form.parts();
  std::uint8_t* halves = to + parts * kGroupChannels * (form.minima ? 2 : 1);
  std::memset(to, 0, static_cast<std::size_t>(form.scale_bytes()));
  for (std::size_t c = 0; c < kGroupChannels; ++c) {
    if (sources[c] == nullptr) continue;
    std::uint8_t scales[16];
    std::uint8_t minima[16];
    if (parts > 0) part_scales(type, sources[c], scales, minima);
    for (int i = 0; i < parts; ++i) {
      to[i * kGroupChannels + static_cast<long>(c)] = scales[i];
      if (form.minima) to[(parts + i) * kGroupChannels + static_cast<long>(c)] = minima[i];
    }
    put_half(sources[c] + block.d, halves + 2 * c);
    if (form.minima) put_half(sources[c] + block.minimum, halves + 2 * (kGroupChannels + c));
  }
}

}  // namespace

std::int64_t GroupedMatrix::bytes(const BlockMatrix& source) {
  const GroupForm form = group_form(source.type);
  if (!form.known) return 0;
  const std::int64_t blocks = source.cols / form.elements;
  return ceil_div(source.rows, kGroupChannels) *
         (blocks * form.quant_bytes() + whole_lines(blocks * form.scale_bytes()));
}

GroupedMatrix::GroupedMatrix(const BlockMatrix& source) {
  const GroupForm form = group_form(source.type);
  const std::int64_t blocks = source.cols / form.elements;
  groups_ = ceil_div(source.rows, kGroupChannels);
  quant_bytes_ = blocks * form.quant_bytes();
  scale_bytes_ = whole_lines(blocks * form.scale_bytes());
  data_.resize(static_cast<std::size_t>(bytes(source)));
  prefer_large_pages(data_.data(), data_.size());
#pragma omp parallel for schedule(dynamic, 4)
  for (std::int64_t group = 0; group < groups_; ++group) pack_group(source, group);
}

void GroupedMatrix::pack_group(const BlockMatrix& source, std::int64_t group) {
  const GroupForm form = group_form(source.type);
  const std::int64_t block_bytes = block_traits(source.type).bytes;
  const std::int64_t blocks = source.cols / form.elements;
  std::uint8_t* quants = data_.data() + group * (quant_bytes_ + scale_bytes_);
  std::uint8_t* scales = quants + quant_bytes_;
  Sources sources{};
  const std::int64_t first = group * kGroupChannels;
  for (std::int64_t c = 0; c < std::min<std::int64_t>(kGroupChannels, source.rows - first); ++c)
    sources[static_cast<std::size_t>(c)] =
        reinterpret_cast<const Byte*>(source.data) + (first + c) * row_bytes(source);
  for (std::int64_t block = 0; block < blocks; ++block) {
    put_quants(source.type, sources, quants + block * form.quant_bytes());
    put_scales(source.type, sources, scales + block * form.scale_bytes());
    for (const Byte*& from : sources) from = from == nullptr ? nullptr : from + block_bytes;
  }
}

}  // namespace focusllm

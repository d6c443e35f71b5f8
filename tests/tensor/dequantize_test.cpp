#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/bf16.h"
#include "base/error.h"
#include "tensor/block_type.h"
#include "tensor/half.h"

namespace focusllm {
namespace {

/// Made by tools/golden_dequantize.py with the `gguf` package.
struct Golden {
  BlockType type;
  std::vector<std::byte> blocks;
  std::vector<float> values;
};

std::vector<Golden> read_golden(const std::string& name) {
  const std::string path = std::string(FOCUSLLM_SOURCE_DIR "/tests/golden/") + name;
  std::ifstream in(path, std::ios::binary);
  std::vector<Golden> records;
  std::uint32_t header[3];
  while (in.read(reinterpret_cast<char*>(header), sizeof header)) {
    Golden& record = records.emplace_back();
    record.type = static_cast<BlockType>(header[0]);
    record.values.resize(header[1]);
    record.blocks.resize(header[2]);
    in.read(reinterpret_cast<char*>(record.blocks.data()), header[2]);
    in.read(reinterpret_cast<char*>(record.values.data()), header[1] * sizeof(float));
    EXPECT_TRUE(in.good()) << path;
  }
  EXPECT_FALSE(records.empty()) << path;
  return records;
}

bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

void expect_same(const std::vector<float>& got, const std::vector<float>& want, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(same(got[i], want[i]))
        << what << " value " << i << ": " << got[i] << ", expected " << want[i];
  }
}

TEST(Dequantize, EqualsTheGgufPackageAtEveryAlignment) {
  const auto records = read_golden("dequantize.bin");
  EXPECT_EQ(records.size(), 15U);
  for (const Golden& golden : records) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      std::vector<std::byte> moved(golden.blocks.size() + shift);
      std::memcpy(moved.data() + shift, golden.blocks.data(), golden.blocks.size());
      std::vector<float> values(golden.values.size());
      dequantize(golden.type, moved.data() + shift, static_cast<std::int64_t>(values.size()), values.data());
      expect_same(values, golden.values, std::string(block_traits(golden.type).name));
    }
  }
}

TEST(Dequantize, WritesNothingBehindTheCount) {
  for (const Golden& golden : read_golden("dequantize.bin")) {
    const BlockTraits traits = block_traits(golden.type);
    std::vector<float> out(traits.elements + 1, 1e30F);
    dequantize(golden.type, golden.blocks.data(), traits.elements, out.data());
    EXPECT_EQ(out.back(), 1e30F) << traits.name;
    dequantize(golden.type, nullptr, 0, nullptr);
  }
}

TEST(Dequantize, RefusesPartialBlocksAndUnknownTypes) {
  std::vector<std::byte> bytes(256);
  std::vector<float> out(256);
  EXPECT_THROW(dequantize(BlockType::q4_0, bytes.data(), 31, out.data()), Error);
  EXPECT_THROW(dequantize(BlockType::q4_k, bytes.data(), 32, out.data()), Error);
  EXPECT_THROW(dequantize(BlockType::f32, bytes.data(), -1, out.data()), Error);
  EXPECT_THROW(dequantize(static_cast<BlockType>(4), bytes.data(), 32, out.data()), Error);
  EXPECT_FALSE(block_traits(std::uint32_t{4}).has_value());
  EXPECT_FALSE(block_traits(std::uint32_t{0xffffffff}).has_value());
}

TEST(Quantize, EqualsTheGgufPackage) {
  const auto records = read_golden("quantize.bin");
  EXPECT_EQ(records.size(), 6U);
  for (const Golden& golden : records) {
    std::vector<std::byte> blocks(golden.blocks.size());
    quantize(golden.type, golden.values.data(), static_cast<std::int64_t>(golden.values.size()),
             blocks.data());
    const auto size = block_traits(golden.type).bytes;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      ASSERT_EQ(static_cast<int>(blocks[i]), static_cast<int>(golden.blocks[i]))
          << block_traits(golden.type).name << " block " << i / size << " byte " << i % size;
    }
  }
}

TEST(Quantize, RefusesWhatWouldBeLost) {
  std::vector<float> values(32, 1.0F);
  std::vector<std::byte> out(128);
  EXPECT_THROW(quantize(BlockType::q4_k, values.data(), 32, out.data()), Error);
  EXPECT_THROW(quantize(BlockType::q8_0, values.data(), 16, out.data()), Error);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38F}) {
    for (const std::size_t where : {0U, 7U, 31U}) {
      auto broken = values;
      broken[where] = bad;
      for (const BlockType type : {BlockType::q8_0, BlockType::q4_0, BlockType::q4_1}) {
        EXPECT_THROW(quantize(type, broken.data(), 32, out.data()), Error)
            << block_traits(type).name << " " << bad;
      }
    }
  }
}

TEST(Half, RoundTripsEveryValue) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    const std::uint16_t back = float_to_half(value);
    if (std::isnan(value)) {
      EXPECT_GT(back & 0x7fff, 0x7c00);
    } else {
      ASSERT_EQ(back, bits);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const float low = half_to_float(static_cast<std::uint16_t>(bits));
    const float high = half_to_float(static_cast<std::uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2;
    ASSERT_EQ(float_to_half(middle), bits + (bits & 1U));
    ASSERT_EQ(float_to_half(std::nextafter(middle, low)), bits);
    ASSERT_EQ(float_to_half(std::nextafter(middle, high)), bits + 1);
    ASSERT_EQ(float_to_half(-middle), 0x8000U | (bits + (bits & 1U)));
  }
  EXPECT_EQ(float_to_half(65519.99F), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0F), 0x7c00);
}

}  // namespace
}  // namespace focusllm

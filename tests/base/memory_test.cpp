#include "base/memory.h"

#include <limits>
#include <new>
#include <utility>

#include <gtest/gtest.h>

namespace focusllm {
namespace {

constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();

TEST(AlignedBuffers, MoreThanCanBeAddressedIsRefused) {
  AlignedBuffer<float> buffer(4);
  buffer[0] = 3;
  for (const std::size_t size : {kMost, kMost / 4, kMost / 4 - 1, kMost / 4 + 1, kMost / 2 + 1})
    EXPECT_THROW(buffer.resize(size), std::bad_alloc) << size;
  EXPECT_EQ(buffer.size(), 4U);
  EXPECT_EQ(buffer[0], 3);
}

#ifndef __SANITIZE_ADDRESS__  // which ends the program where no memory is to be had
TEST(AlignedBuffers, CanBeUsedAfterMemoryRanOut) {
  AlignedBuffer<float> buffer(4);
  EXPECT_THROW(buffer.resize(std::size_t{1} << 58), std::bad_alloc);
  EXPECT_EQ(buffer.size(), 0U);
  buffer.resize(2);
  ASSERT_NE(buffer.data(), nullptr);
  buffer[1] = 1;
}
#endif

TEST(AlignedBuffers, AreAlignedAndKeepTheirMemory) {
  AlignedBuffer<std::uint8_t> buffer;
  EXPECT_EQ(buffer.size(), 0U);
  for (const std::size_t size : {1, 63, 64, 65, 1000}) {
    buffer.resize(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    for (std::uint8_t& byte : buffer.span()) byte = 7;
  }
  const std::uint8_t* data = buffer.data();
  buffer.resize(3);
  EXPECT_EQ(buffer.data(), data);
  const AlignedBuffer<std::uint8_t> copy = buffer.copy();
  EXPECT_EQ(copy.size(), 3U);
  EXPECT_EQ(copy[2], 7);
  EXPECT_EQ(AlignedBuffer<float>().copy().size(), 0U);
}

TEST(AlignedBuffers, ScratchOfACopyIsEmpty) {
  Scratch<float> scratch(8);
  Scratch<float> copy = scratch;
  EXPECT_EQ(copy.size(), 0U);
  copy = scratch;
  EXPECT_EQ(copy.size(), 0U);
  EXPECT_EQ(Scratch<float>(std::move(scratch)).size(), 8U);
}

TEST(Memory, BytesAreShownInUnits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(std::int64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::int64_t>::max()), "8388608.0 TiB");
}

TEST(Memory, WithoutProcThereIsNoLimit) {
  EXPECT_EQ(available_memory("/no/such/root"), std::numeric_limits<std::int64_t>::max());
  EXPECT_GT(available_memory(), 0);
  EXPECT_GT(peak_memory(), 1 << 20);
}

}  // namespace
}  // namespace focusllm

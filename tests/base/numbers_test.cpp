#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "base/bf16.h"
#include "base/ceil_div.h"
#include "base/contains.h"

namespace focusllm {
namespace {

TEST(Bf16, EveryValueComesBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const Bf16 value{static_cast<std::uint16_t>(bits)};
    if (std::isnan(to_float(value)))
      EXPECT_TRUE(std::isnan(to_float(to_bf16(to_float(value))))) << bits;
    else
      ASSERT_EQ(to_bf16(to_float(value)).bits, bits);
  }
}

TEST(Bf16, NoNanBecomesInfinite) {
  for (const std::uint32_t bits : {0x7f800001U, 0x7fffffffU, 0xff800001U, 0xffffffffU, 0x7f80ffffU})
    EXPECT_TRUE(std::isnan(to_float(to_bf16(std::bit_cast<float>(bits))))) << bits;
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3f808000U)).bits, 0x3f80);  // half way, to even
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3f818000U)).bits, 0x3f82);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3f808001U)).bits, 0x3f81);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0xbf807fffU)).bits, 0xbf80);
  EXPECT_EQ(to_float(to_bf16(std::numeric_limits<float>::max())), std::numeric_limits<float>::infinity());
  EXPECT_EQ(to_bf16(-0.0F).bits, 0x8000);
}

TEST(CeilDiv, CountsABrokenPart) {
  EXPECT_EQ(ceil_div(0, 5), 0);
  EXPECT_EQ(ceil_div(1, 5), 1);
  EXPECT_EQ(ceil_div(5, 5), 1);
  EXPECT_EQ(ceil_div(6, 5), 2);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(ceil_div(most, 1), most);
}

TEST(Contains, IsOfWholeWords) {
  EXPECT_TRUE(contains({"full", "focus"}, "focus"));
  EXPECT_FALSE(contains({"full", "focus"}, "foc"));
  EXPECT_FALSE(contains({}, ""));
}

}  // namespace
}  // namespace focusllm

#include "base/cpu.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace focusllm {
namespace {

TEST(Bf16Dot, FastOnAmdThatHasIt) {
  EXPECT_TRUE(bf16_dot_is_fast("AuthenticAMD", true));
  EXPECT_FALSE(bf16_dot_is_fast("AuthenticAMD", false));
}

TEST(Bf16Dot, SlowOnIntelAndUnknownVendors) {
  for (const char* vendor : {"GenuineIntel", "HygonGenuine", "CentaurHauls", "AuthenticAM", ""}) {
    EXPECT_FALSE(bf16_dot_is_fast(vendor, true)) << vendor;
    EXPECT_FALSE(bf16_dot_is_fast(vendor, false)) << vendor;
  }
}

/// The vendor string is read from the processor as the system reads it.
TEST(Bf16Dot, OfThisProcessor) {
  std::ifstream info("/proc/cpuinfo");
  std::string vendor;
  for (std::string line; vendor.empty() && std::getline(info, line);) {
    if (line.starts_with("vendor_id")) vendor = line.substr(line.find(':') + 2);
  }
  const bool has_it = supported_isas().back() >= Isa::avx512_bf16;
  EXPECT_EQ(fast_bf16_dot(), bf16_dot_is_fast(vendor, has_it)) << vendor;
}

}  // namespace
}  // namespace focusllm

#include "base/cpu.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace focusllm {
namespace {

TEST(Isa, IsFoundByItsName) {
  for (const Isa isa : supported_isas()) EXPECT_EQ(isa_named(isa_name(isa)), isa);
  EXPECT_THAT(supported_isas(), testing::Contains(default_isa()));
}

TEST(Isa, OneThatIsNotThereIsRefusedWithThoseThatAre) {
  try {
    isa_named("abacus");
    ADD_FAILURE() << "found";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("isa abacus: not an instruction set of this machine"));
    for (const Isa isa : supported_isas())
      EXPECT_THAT(error.what(), testing::HasSubstr(std::string(isa_name(isa))));
  }
}

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

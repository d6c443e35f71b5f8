#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "focusllm/gguf.h"
#include "sample.h"

namespace focusllm::gguf {
namespace {

/// On the heap at its exact size, so that AddressSanitizer sees a read behind the end.
bool accepted(std::span<const std::byte> bytes) {
  const std::vector<std::byte> exact(bytes.begin(), bytes.end());
  try {
    const auto file = File::parse(exact, "mutant");
    test::use_everything(*file);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return false;
  }
}

TEST(Mutation, EveryPrefixIsRejected) {
  const auto bytes = test::sample_writer().bytes();
  ASSERT_TRUE(accepted(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(accepted(std::span(bytes).first(size))) << "cut to " << size << " of " << bytes.size();
  }
}

TEST(Mutation, EveryByteChangedIsReadOrRejected) {
  const auto original = test::sample_writer().bytes();
  for (std::size_t at = 0; at < original.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      auto bytes = original;
      bytes[at] = static_cast<std::byte>(value);
      accepted(bytes);
    }
  }
}

TEST(Mutation, RandomChangesAreReadOrRejected) {
  const auto original = test::sample_writer().bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 6000; ++round) {
    auto bytes = original;
    const auto changes = 1 + random() % 6;
    for (std::size_t i = 0; i < changes; ++i) {
      bytes[random() % bytes.size()] ^= static_cast<std::byte>(1U << (random() % 8));
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    accepted(bytes);
  }
}

TEST(Mutation, RandomNumbersAreReadOrRejected) {
  const auto original = test::sample_writer().bytes();
  std::mt19937_64 random(2);
  for (int round = 0; round < 6000; ++round) {
    auto bytes = original;
    const std::uint64_t value = random() >> (random() % 64);
    std::memcpy(bytes.data() + random() % (bytes.size() - 8), &value, 8);
    accepted(bytes);
  }
}

}  // namespace
}  // namespace focusllm::gguf

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "builder.h"
#include "focusllm/gguf.h"

namespace focusllm::gguf {
namespace {

using test::Builder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

constexpr std::uint64_t huge = ~std::uint64_t{0};

template <typename... Words>
void expect_rejected(const Builder& bytes, Words... words) {
  EXPECT_THAT(
      [&] { File::parse(bytes.bytes(), "bad.gguf"); },
      ThrowsMessage<Error>(AllOf(HasSubstr("bad.gguf: "), HasSubstr(" at byte "), HasSubstr(words)...)));
}

Builder one_tensor(std::vector<std::uint64_t> dims, std::uint32_t type, std::uint64_t offset,
                   std::size_t data = 256) {
  Builder bytes;
  bytes.header(1, 0).tensor("w", std::move(dims), type, offset).pad().zeros(data);
  return bytes;
}

TEST(Hostile, OtherFormats) {
  expect_rejected(Builder().text("<!DOCTYPE html><html>"), "not a GGUF file", "<!DOCTYPE ht");
  expect_rejected(Builder().text("\x1b[2J\n\x7f"), "not a GGUF file", "\\x1b[2J\\x0a\\x7f");
  expect_rejected(Builder().text("tjgg").zeros(100), "before GGUF");
  expect_rejected(Builder().text("version https://git-lfs.github.com/spec/v1"), "git lfs pull");
  expect_rejected(Builder().text("GG"), "not a GGUF file");
  expect_rejected(Builder().text("GGUF").put<std::uint32_t>(0x03000000).zeros(64), "big-endian");
  expect_rejected(Builder().text("FUGG").zeros(64), "big-endian");
  EXPECT_THROW(File::parse({}, "nothing"), Error);
}

TEST(Hostile, OtherVersions) {
  expect_rejected(Builder().header(0, 0, 1), "version 1 is too old");
  expect_rejected(Builder().header(0, 0, 0), "version 0");
  expect_rejected(Builder().header(0, 0, 4), "version 4");
}

TEST(Hostile, HugeCounts) {
  for (const std::uint64_t count : {huge, huge / 2 + 1, std::uint64_t{1} << 40U, std::uint64_t{100}}) {
    expect_rejected(Builder().header(count, 0), std::to_string(count) + " tensors do not fit");
    expect_rejected(Builder().header(0, count), std::to_string(count) + " metadata entries do not fit");
    expect_rejected(Builder().header(0, 1).array("k", 8, count), "\"k\"", "strings do not fit");
    expect_rejected(Builder().header(0, 1).array("k", 10, count), "\"k\"", "array elements do not fit");
    expect_rejected(Builder().header(0, 1).array("k", 0, count), "\"k\"", "array elements do not fit");
  }
}

TEST(Hostile, HugeLengths) {
  for (const std::uint64_t length : {huge, huge - 7, std::uint64_t{1} << 40U, std::uint64_t{100}}) {
    expect_rejected(Builder().header(0, 1).key("k", 8).put(length).text("abc"), "\"k\"", "download it again");
    expect_rejected(Builder().header(0, 1).array("k", 8, 1).put(length).text("abc"), "\"k\"",
                    "download it again");
    expect_rejected(Builder().header(0, 1).put(length).zeros(32), "metadata entry 1 of 1");
    expect_rejected(Builder().header(1, 0).put(length).zeros(32), "tensor 1 of 1");
  }
}

TEST(Hostile, Keys) {
  expect_rejected(Builder().header(0, 1).key(std::string(65536, 'k'), 0).zeros(1), "longer than the 65535");
  Builder longest;
  longest.header(0, 1).key(std::string(65535, 'k'), 0).zeros(1);
  EXPECT_NO_THROW(File::parse(longest.bytes(), "memory"));
  expect_rejected(Builder().header(0, 1).key("", 0).zeros(8), "the key is empty");
  Builder twice;
  twice.header(0, 3).key("a", 0).zeros(1).key("b", 0).zeros(1).key("a", 4).zeros(4);
  expect_rejected(twice, "\"a\" at byte 61", "twice");
}

TEST(Hostile, MessagesStayOneLineOfPrintableText) {
  Builder bytes;
  bytes.header(0, 1).key("k\n\x1b[31m\xff" + std::string(1000, 'x'), 99);
  EXPECT_THAT([&] { File::parse(bytes.bytes(), "bad.gguf"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("k\\x0a\\x1b[31m\\xff"), Not(HasSubstr("\n")),
                                         Not(HasSubstr(std::string(100, 'x'))))));
}

TEST(Hostile, Values) {
  expect_rejected(Builder().header(0, 1).key("k", 13).zeros(8), "\"k\"", "unknown value type 13");
  expect_rejected(Builder().header(0, 1).key("k", 0xffffffff).zeros(8), "unknown value type 4294967295");
  expect_rejected(Builder().header(0, 1).array("k", 13, 0).zeros(8), "unknown value type 13");
  expect_rejected(Builder().header(0, 1).array("k", 9, 0), "arrays of arrays");
  expect_rejected(Builder().header(0, 1).array("k", 9, 1).put<std::uint32_t>(0).put<std::uint64_t>(0),
                  "arrays of arrays");
  expect_rejected(Builder().header(0, 1).key("k", 7).put<std::uint8_t>(2), "at byte 37", "not 2");
  expect_rejected(Builder().header(0, 1).array("k", 7, 2).put<std::uint8_t>(1).put<std::uint8_t>(255),
                  "not 255");
  expect_rejected(Builder().header(0, 1).key("k", 10).zeros(7), "8 bytes expected");
}

TEST(Hostile, Alignment) {
  for (const std::uint32_t alignment : {0U, 1U, 4U, 24U, 33U, 131072U, 0x80000000U, 0xffffffffU}) {
    expect_rejected(Builder().header(0, 1).key("general.alignment", 4).put(alignment), "general.alignment",
                    "power of two");
  }
  expect_rejected(Builder().header(0, 1).key("general.alignment", 8).string("32"), "integer is expected");
  expect_rejected(Builder().header(0, 1).key("general.alignment", 6).put(32.0F), "integer is expected");
  expect_rejected(Builder().header(0, 1).key("general.alignment", 7).put<std::uint8_t>(1),
                  "integer is expected");
  expect_rejected(Builder().header(0, 1).key("general.alignment", 5).put(-32), "-32 is not a power of two");
  expect_rejected(Builder().header(0, 1).key("general.alignment", 11).put<std::int64_t>(24), "power of two");
  expect_rejected(Builder().header(0, 1).key("general.alignment", 10).put(huge), "power of two");
}

TEST(Hostile, TensorDimensions) {
  expect_rejected(one_tensor({1, 1, 1, 1, 1}, 0, 0), "\"w\"", "5 dimensions");
  expect_rejected(Builder().header(1, 0).string("w").put<std::uint32_t>(0xffffffff).zeros(64),
                  "4294967295 dimensions");
  expect_rejected(one_tensor({0}, 0, 0), "a dimension is 0");
  expect_rejected(one_tensor({8, 0}, 0, 0), "a dimension is 0");
  expect_rejected(one_tensor({huge}, 0, 0), "a dimension is -1");
  const std::uint64_t wide = std::uint64_t{1} << 32U;
  expect_rejected(one_tensor({wide, wide}, 0, 0), "overflows");
  expect_rejected(one_tensor({wide, wide, wide, 4}, 0, 0), "overflows");
  expect_rejected(one_tensor({std::uint64_t{1} << 62U}, 0, 0), "size in bytes overflows");
  expect_rejected(one_tensor({33}, 8, 0), "not whole Q8_0 blocks of 32");
  expect_rejected(one_tensor({16, 2}, 8, 0), "not whole Q8_0 blocks of 32");
  expect_rejected(one_tensor({128}, 12, 0), "not whole Q4_K blocks of 256");
}

TEST(Hostile, TensorTypes) {
  expect_rejected(one_tensor({32}, 4, 0), "type 4", "not supported");
  expect_rejected(one_tensor({256}, 16, 0), "IQ2_XXS", "not supported");
  expect_rejected(one_tensor({32}, 0xffffffff, 0), "type 4294967295");
}

TEST(Hostile, TensorPlaces) {
  EXPECT_NO_THROW(File::parse(one_tensor({8}, 0, 224).bytes(), "memory"));
  expect_rejected(one_tensor({8}, 0, 256), "\"w\"", "truncated: download it again");
  expect_rejected(one_tensor({8}, 0, 32, 63), "truncated");
  expect_rejected(one_tensor({65}, 0, 0), "truncated");
  expect_rejected(one_tensor({8}, 0, huge - 31), "truncated");
  expect_rejected(one_tensor({8}, 0, std::uint64_t{1} << 63U), "truncated");
  expect_rejected(one_tensor({8}, 0, 16), "not a multiple of 32");
  expect_rejected(one_tensor({8}, 0, huge), "not a multiple of 32");
}

TEST(Hostile, TensorsOverlapping) {
  for (const std::uint64_t offset : {0U, 32U}) {
    Builder bytes;
    bytes.header(2, 0).tensor("a", {16}, 0, 0).tensor("b", {8}, 0, offset).pad().zeros(256);
    expect_rejected(bytes, "overlap");
  }
}

TEST(Hostile, TensorNames) {
  Builder twice;
  twice.header(2, 0).tensor("a", {8}, 0, 0).tensor("a", {8}, 0, 32).pad().zeros(256);
  expect_rejected(twice, "tensor \"a\"", "twice");
  expect_rejected(Builder().header(1, 0).tensor(std::string(65, 'n'), {8}, 0, 0).pad().zeros(64),
                  "longer than the 64");
  expect_rejected(Builder().header(1, 0).tensor("", {8}, 0, 0).pad().zeros(64), "name is empty");
}

}  // namespace
}  // namespace focusllm::gguf

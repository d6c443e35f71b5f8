#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "builder.h"
#include "focusllm/gguf.h"
#include "sample.h"
#include "tensor/block_type.h"

namespace focusllm::gguf {
namespace {

using test::Builder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// One entry of every value type.
Builder every_type(std::uint32_t version) {
  Builder file;
  file.header(1, 17, version);
  file.key("u8", 0).put<std::uint8_t>(200).key("i8", 1).put<std::int8_t>(-7);
  file.key("u16", 2).put<std::uint16_t>(60000).key("i16", 3).put<std::int16_t>(-300);
  file.key("u32", 4).put<std::uint32_t>(4000000000).key("i32", 5).put<std::int32_t>(-70000);
  file.key("f32", 6).put(0.25F).key("bool", 7).put<std::uint8_t>(1);
  file.key("string", 8).string("text").key("u64", 10).put(~std::uint64_t{0});
  file.key("i64", 11).put<std::int64_t>(-1).key("f64", 12).put(1e300);
  file.array("strings", 8, 2).string("x").string("");
  file.array("floats", 6, 2).put(1.0F).put(-0.5F);
  file.array("bools", 7, 3).put<std::uint8_t>(1).put<std::uint8_t>(0).put<std::uint8_t>(1);
  file.array("shorts", 3, 2).put<std::int16_t>(-1).put<std::int16_t>(5);
  file.array("huge", 10, 1).put(~std::uint64_t{0});
  file.tensor("weight", {4, 2}, 0, 0).pad();
  for (int i = 0; i < 8; ++i) file.put(static_cast<float>(i));
  return file;
}

class ReaderVersions : public testing::TestWithParam<std::uint32_t> {};

TEST_P(ReaderVersions, ReadsEveryScalar) {
  const Builder bytes = every_type(GetParam());
  const auto file = File::parse(bytes.bytes(), "memory");
  EXPECT_EQ(file->version(), GetParam());
  EXPECT_EQ(file->metadata().size(), 17U);
  EXPECT_EQ(file->integer("u8"), 200);
  EXPECT_EQ(file->integer("i8"), -7);
  EXPECT_EQ(file->integer("u16"), 60000);
  EXPECT_EQ(file->integer("i16"), -300);
  EXPECT_EQ(file->require_integer("u32"), 4000000000);
  EXPECT_EQ(file->integer("i32"), -70000);
  EXPECT_EQ(file->integer("i64"), -1);
  EXPECT_EQ(file->number("f32"), 0.25);
  EXPECT_EQ(file->require_number("f64"), 1e300);
  EXPECT_EQ(file->number("i8"), -7);
  EXPECT_EQ(file->boolean("bool"), true);
  EXPECT_EQ(file->require_string("string"), "text");
}

TEST_P(ReaderVersions, ReadsEveryArray) {
  const Builder bytes = every_type(GetParam());
  const auto file = File::parse(bytes.bytes(), "memory");
  EXPECT_THAT(file->strings("strings"), ElementsAre("x", ""));
  EXPECT_THAT(file->numbers("floats"), ElementsAre(1.0, -0.5));
  EXPECT_THAT(file->numbers("shorts"), ElementsAre(-1, 5));
  EXPECT_THAT(file->integers("bools"), ElementsAre(1, 0, 1));
  EXPECT_THAT(file->integers("shorts"), ElementsAre(-1, 5));
  EXPECT_THAT(file->numbers("huge"), ElementsAre(18446744073709551616.0));
}

TEST_P(ReaderVersions, ReadsTensors) {
  const Builder bytes = every_type(GetParam());
  const auto file = File::parse(bytes.bytes(), "memory");
  const Tensor& tensor = file->tensor("weight");
  EXPECT_EQ(tensor.elements(), 8);
  const BlockMatrix matrix = tensor.matrix();
  EXPECT_EQ(matrix.rows, 2);
  EXPECT_EQ(matrix.cols, 4);
  float values[8];
  dequantize(matrix.type, matrix.data, 8, values);
  EXPECT_EQ(values[7], 7.0F);
  EXPECT_EQ(file->find_tensor("weigh"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Versions, ReaderVersions, testing::Values(2U, 3U));

TEST(Reader, MissingKeysAreNothingOrAnErrorThatNamesThem) {
  const Builder bytes = every_type(3);
  const auto file = File::parse(bytes.bytes(), "memory");
  EXPECT_EQ(file->find("none"), nullptr);
  EXPECT_FALSE(file->integer("none") || file->number("none") || file->boolean("none") ||
               file->string("none"));
  EXPECT_TRUE(file->strings("none").empty() && file->numbers("none").empty() &&
              file->integers("none").empty());
  EXPECT_THAT([&] { file->require_integer("none"); }, ThrowsMessage<Error>(HasSubstr("\"none\" is missing")));
  EXPECT_THROW(file->require_number("none"), Error);
  EXPECT_THROW(file->require_string("none"), Error);
  EXPECT_THAT([&] { file->tensor("none"); }, ThrowsMessage<Error>(HasSubstr("tensor \"none\" is missing")));
}

TEST(Reader, OtherKindsAreErrors) {
  const Builder bytes = every_type(3);
  const auto file = File::parse(bytes.bytes(), "memory");
  EXPECT_THAT([&] { file->integer("f32"); }, ThrowsMessage<Error>(HasSubstr("memory: metadata key \"f32\"")));
  EXPECT_THAT([&] { file->integer("u64"); }, ThrowsMessage<Error>(HasSubstr("out of range")));
  EXPECT_THROW(file->integer("bool"), Error);
  EXPECT_THROW(file->integer("shorts"), Error);
  EXPECT_THROW(file->number("string"), Error);
  EXPECT_THROW(file->boolean("u8"), Error);
  EXPECT_THROW(file->string("strings"), Error);
  EXPECT_THROW(file->strings("string"), Error);
  EXPECT_THROW(file->strings("floats"), Error);
  EXPECT_THROW(file->numbers("strings"), Error);
  EXPECT_THROW(file->numbers("f32"), Error);
  EXPECT_THROW(file->integers("floats"), Error);
  EXPECT_THROW(file->integers("huge"), Error);
}

TEST(Reader, HonoursTheAlignment) {
  Builder bytes;
  bytes.header(2, 1).key("general.alignment", 4).put<std::uint32_t>(128);
  bytes.tensor("a", {1}, 0, 0).tensor("b", {2}, 0, 128).pad(128).put(1.0F).pad(128).put(2.0F).put(3.0F);
  const auto file = File::parse(bytes.bytes(), "memory");
  float values[2];
  dequantize(BlockType::f32, file->tensor("b").data.data(), 2, values);
  EXPECT_EQ(values[1], 3.0F);
}

TEST(Reader, OffsetsNeedNotBeInOrder) {
  Builder bytes;
  bytes.header(2, 0).tensor("a", {8}, 0, 32).tensor("b", {8}, 0, 0).pad().zeros(64);
  EXPECT_EQ(File::parse(bytes.bytes(), "memory")->tensors().size(), 2U);
}

TEST(Reader, ReadsAFileOfMetadataOnly) {
  Builder bytes;
  bytes.header(0, 1).key("k", 8).string("v");
  EXPECT_EQ(File::parse(bytes.bytes(), "memory")->string("k"), "v");
  Builder nothing;
  nothing.header(0, 0);
  EXPECT_TRUE(File::parse(nothing.bytes(), "memory")->metadata().empty());
}

TEST(Reader, MatricesHaveOneOrTwoDimensions) {
  Builder bytes;
  bytes.header(2, 0).tensor("cube", {2, 2, 2}, 0, 0).tensor("row", {8}, 0, 32).pad().zeros(64);
  const auto file = File::parse(bytes.bytes(), "memory");
  EXPECT_THROW(file->tensor("cube").matrix(), Error);
  EXPECT_EQ(file->tensor("row").matrix().rows, 1);
  EXPECT_EQ(file->tensor("row").matrix().cols, 8);
}

TEST(Reader, OpenNamesWhatCannotBeOpened) {
  const std::string folder = testing::TempDir();
  EXPECT_THAT([&] { File::open(folder + "/no-such.gguf"); },
              ThrowsMessage<Error>(HasSubstr("no-such.gguf: cannot open")));
  EXPECT_THAT([&] { File::open(folder); }, ThrowsMessage<Error>(HasSubstr("folder")));
  EXPECT_THAT([] { File::open("/dev/null"); }, ThrowsMessage<Error>(HasSubstr("not a regular file")));
  const std::string empty = folder + "/empty.gguf";
  std::ofstream{empty};
  EXPECT_THAT([&] { File::open(empty); }, ThrowsMessage<Error>(HasSubstr("empty")));
}

TEST(Reader, FurtherDimensionsOfOneAreNone) {
  Builder bytes;
  bytes.header(4, 0);
  bytes.tensor("matrix", {4, 2, 1, 1}, 0, 0).tensor("vector", {8, 1, 1, 1}, 0, 32);
  bytes.tensor("one column", {1, 8, 1}, 0, 64).tensor("cube", {2, 2, 1, 2}, 0, 96).pad().zeros(128);
  const auto file = File::parse(bytes.bytes(), "memory");
  const auto shape = [&](const char* name) {
    const BlockMatrix matrix = file->tensor(name).matrix();
    return std::vector{matrix.rows, matrix.cols};
  };
  EXPECT_THAT(shape("matrix"), ElementsAre(2, 4));
  EXPECT_THAT(shape("vector"), ElementsAre(1, 8));
  EXPECT_THAT(shape("one column"), ElementsAre(8, 1));
  EXPECT_THAT([&] { shape("cube"); }, ThrowsMessage<Error>(HasSubstr("\"cube\" is 2 x 2 x 1 x 2")));
}

TEST(Reader, AlignmentOfEveryIntegerType) {
  const auto tensors_with = [](std::uint32_t type, auto alignment) {
    Builder bytes;
    bytes.header(2, 1).key("general.alignment", type).put(alignment);
    bytes.tensor("a", {1}, 0, 0).tensor("b", {1}, 0, 64).pad(64).zeros(128);
    return File::parse(bytes.bytes(), "memory")->tensors().size();
  };
  EXPECT_EQ(tensors_with(0, std::uint8_t{64}), 2U);
  EXPECT_EQ(tensors_with(1, std::int8_t{64}), 2U);
  EXPECT_EQ(tensors_with(2, std::uint16_t{64}), 2U);
  EXPECT_EQ(tensors_with(3, std::int16_t{64}), 2U);
  EXPECT_EQ(tensors_with(4, std::uint32_t{64}), 2U);
  EXPECT_EQ(tensors_with(5, std::int32_t{64}), 2U);
  EXPECT_EQ(tensors_with(10, std::uint64_t{64}), 2U);
  EXPECT_EQ(tensors_with(11, std::int64_t{64}), 2U);
}

}  // namespace
}  // namespace focusllm::gguf

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "focusllm/gguf.h"
#include "gguf/writer.h"

namespace focusllm::gguf {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
namespace fs = std::filesystem;

/// Three parts with one tensor each, "t0" to "t2", filled with their number.
class SplitTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("gguf_split_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (std::uint32_t i = 0; i < 3; ++i) part(i).write(path(i));
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path path(std::uint32_t i) const { return folder_ / fmt::format("m-{:05}-of-00003.gguf", i + 1); }

  static Writer part(std::uint32_t i, std::uint32_t count = 3, std::uint32_t tensors = 3) {
    Writer writer;
    if (i == 0) writer.set("general.architecture", "llama");
    writer.set("split.no", i);
    writer.set("split.count", count);
    writer.set("split.tensors.count", tensors);
    writer.add(fmt::format("t{}", i), BlockType::f32, {8},
               std::vector<std::byte>(32, static_cast<std::byte>(i)));
    return writer;
  }

  void expect_error(const std::string& words) const {
    EXPECT_THAT([&] { File::open(path(0)); }, ThrowsMessage<Error>(HasSubstr(words)));
  }

  fs::path folder_;
};

TEST_F(SplitTest, AnyPartOpensAll) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto file = File::open(path(i));
    EXPECT_EQ(file->require_string("general.architecture"), "llama");
    ASSERT_EQ(file->tensors().size(), 3U);
    for (int t = 0; t < 3; ++t)
      EXPECT_EQ(file->tensor(fmt::format("t{}", t)).data[31], static_cast<std::byte>(t));
    EXPECT_EQ(file->find("split.count"), nullptr) << "it looks like one file";
  }
}

TEST_F(SplitTest, OpensByANameWithoutFolder) {
  const auto before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_EQ(File::open(path(1).filename())->tensors().size(), 3U);
  fs::current_path(before);
}

TEST_F(SplitTest, AMissingPartIsNamed) {
  fs::remove(path(1));
  for (const std::uint32_t opened : {0U, 2U}) {
    EXPECT_THAT(
        [&] { File::open(path(opened)); },
        ThrowsMessage<Error>(AllOf(HasSubstr(path(1).string() + ": missing"), HasSubstr("part 2 of 3"))));
  }
}

TEST_F(SplitTest, ABrokenPartIsNamed) {
  fs::resize_file(path(2), 100);
  expect_error(path(2).string());
}

TEST_F(SplitTest, MixedUpPartsAreRejected) {
  part(2).write(path(1));
  expect_error("is part 3 of 3 by its metadata, but 2 of 3 by its name");
  part(1, 4).write(path(1));
  expect_error("is part 2 of 4 by its metadata");
  Writer whole;
  whole.set("general.architecture", "llama");
  whole.write(path(1));
  expect_error("is part 1 of 1 by its metadata");
}

TEST_F(SplitTest, ATensorInTwoPartsIsRejected) {
  Writer again = part(1);
  again.add("t0", BlockType::f32, {8}, std::vector<std::byte>(32));
  again.write(path(1));
  part(0, 3, 4).write(path(0));
  expect_error("tensor \"t0\" is in two parts");
}

TEST_F(SplitTest, AWrongTotalIsRejected) {
  part(0, 3, 5).write(path(0));
  expect_error("split.tensors.count is 5, but the parts have 3");
}

TEST_F(SplitTest, WrongNumbersAreRejected) {
  part(3, 3).write(path(0));
  expect_error("split.no 3 of split.count 3");
  part(0, 100000).write(path(0));
  expect_error("split.count 100000");
  part(0, 0xffffffff).write(path(0));
  expect_error("\"split.count\": a small natural number");
  Writer text;
  text.set("split.count", "three");
  text.write(path(0));
  expect_error("\"split.count\": a small natural number");
}

TEST_F(SplitTest, ARenamedPartIsRejected) {
  const auto renamed = folder_ / "renamed.gguf";
  fs::rename(path(0), renamed);
  EXPECT_THAT([&] { File::open(renamed); },
              ThrowsMessage<Error>(HasSubstr("must end in -00001-of-00003.gguf")));
  part(0).write(folder_ / "m-00002-of-00003.gguf");
  EXPECT_THAT([&] { File::open(path(1)); },
              ThrowsMessage<Error>(HasSubstr("must end in -00001-of-00003.gguf")));
}

TEST_F(SplitTest, APartInMemoryIsRejected) {
  const auto bytes = part(1).bytes();
  EXPECT_THAT([&] { File::parse(bytes, "memory"); }, ThrowsMessage<Error>(HasSubstr("part 2 of 3")));
}

TEST_F(SplitTest, OnePartOfOneIsAModel) {
  const auto bytes = part(0, 1, 1).bytes();
  EXPECT_EQ(File::parse(bytes, "memory")->tensors().size(), 1U);
}

}  // namespace
}  // namespace focusllm::gguf

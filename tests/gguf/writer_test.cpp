#include "gguf/writer.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/error.h"
#include "focusllm/gguf.h"
#include "sample.h"

namespace focusllm::gguf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
namespace fs = std::filesystem;

/// An empty folder of this test, removed at its end.
class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / fs::path("gguf_writer_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(WriterTest, WhatIsWrittenIsReadBack) {
  const auto path = folder_ / "model.gguf";
  test::sample_writer().write(path);
  const auto file = File::open(path);
  EXPECT_EQ(file->version(), 3U);
  EXPECT_EQ(file->path(), path);
  EXPECT_EQ(file->require_string("general.architecture"), "llama");
  EXPECT_EQ(file->integer("count"), 7);
  EXPECT_EQ(file->number("scale"), 0.5);
  EXPECT_EQ(file->boolean("flag"), true);
  EXPECT_THAT(file->strings("tokens"), ElementsAre("a", "", "long token"));
  EXPECT_THAT(file->numbers("scores"), ElementsAre(1.5, -2.0));
  EXPECT_THAT(file->integers("types"), ElementsAre(1, -3, 6));
  EXPECT_THAT(file->tensor("weight").dims, ElementsAre(64, 3));
  EXPECT_EQ(file->tensor("weight").data.size(), 204U);
  EXPECT_EQ(file->tensor("weight").data[203], std::byte{2});
  EXPECT_EQ(file->tensor("bias").data[0], std::byte{3});
  EXPECT_EQ(files(), 1);
}

TEST_F(WriterTest, CopiesAreTheSameToTheByte) {
  const auto bytes = test::sample_writer().bytes();
  const auto file = File::parse(bytes, "memory");
  Writer copy;
  for (const KeyValue& entry : file->metadata()) copy.copy(entry);
  for (const Tensor& t : file->tensors()) copy.add(t.name, t.type, t.dims, {t.data.begin(), t.data.end()});
  EXPECT_EQ(copy.bytes(), bytes);
}

TEST_F(WriterTest, HonoursTheAlignment) {
  Writer writer;
  writer.set("general.alignment", std::uint32_t{256});
  writer.add("a", BlockType::f32, {1}, std::vector<std::byte>(4, std::byte{1}));
  writer.add("b", BlockType::f32, {1}, std::vector<std::byte>(4, std::byte{2}));
  const auto bytes = writer.bytes();
  EXPECT_EQ(bytes.size() % 256, 0U);
  const auto file = File::parse(bytes, "memory");
  EXPECT_EQ((file->tensor("b").data.data() - bytes.data()) % 256, 0);
  EXPECT_EQ(file->tensor("b").data[0], std::byte{2});
  EXPECT_THROW(writer.set("general.alignment", std::uint32_t{48}), Error);
  EXPECT_THROW(writer.set("general.alignment", "32"), Error);
}

TEST_F(WriterTest, ASecondValueReplacesTheFirst) {
  Writer writer;
  writer.set("k", std::uint32_t{1});
  writer.set("k", "text");
  EXPECT_EQ(File::parse(writer.bytes(), "memory")->metadata().size(), 1U);
}

TEST_F(WriterTest, RefusesWhatTheReaderWould) {
  Writer writer;
  EXPECT_THROW(writer.set("", std::uint32_t{1}), Error);
  EXPECT_THROW(writer.set(std::string(65536, 'k'), std::uint32_t{1}), Error);
  writer.add("w", BlockType::f32, {2}, std::vector<std::byte>(8));
  EXPECT_THROW(writer.add("w", BlockType::f32, {2}, std::vector<std::byte>(8)), Error);
  EXPECT_THROW(writer.add("", BlockType::f32, {2}, std::vector<std::byte>(8)), Error);
  EXPECT_THROW(writer.add(std::string(65, 'n'), BlockType::f32, {2}, std::vector<std::byte>(8)), Error);
  EXPECT_THROW(writer.add("x", BlockType::f32, {2}, std::vector<std::byte>(7)), Error);
  EXPECT_THROW(writer.add("x", BlockType::f32, {0}, {}), Error);
  EXPECT_THROW(writer.add("x", BlockType::f32, {1, 1, 1, 1, 1}, std::vector<std::byte>(4)), Error);
  EXPECT_THROW(writer.add("x", BlockType::q8_0, {16, 2}, std::vector<std::byte>(34)), Error);
  EXPECT_THROW(writer.add("x", static_cast<BlockType>(4), {32}, std::vector<std::byte>(18)), Error);
  EXPECT_THROW(writer.copy({"k", {std::uint64_t{1}, {}}}), Error);
}

/// Lowers the largest file that this process may write, and has writes beyond it fail rather than kill.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(WriterTest, AFullDiskLeavesTheOldFileAlone) {
  const auto path = folder_ / "model.gguf";
  test::sample_writer().write(path);
  Writer large = test::sample_writer();
  large.add("large", BlockType::f32, {65536}, std::vector<std::byte>(262144));
  {
    const FileSizeLimit limit(65536);
    EXPECT_THAT([&] { large.write(path); }, ThrowsMessage<Error>(HasSubstr("model.gguf: cannot write: ")));
    EXPECT_THROW(large.write(folder_ / "other.gguf"), Error);
  }
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(File::open(path)->find_tensor("large"), nullptr);
  large.write(path);
  EXPECT_NE(File::open(path)->find_tensor("large"), nullptr);
  EXPECT_EQ(files(), 1);
}

TEST_F(WriterTest, ReplacingAFileKeepsReadersOfTheOldOneAlive) {
  const auto path = folder_ / "model.gguf";
  test::sample_writer().write(path);
  const auto old = File::open(path);
  Writer other;
  other.set("k", "v");
  other.write(path);
  EXPECT_EQ(old->require_string("general.architecture"), "llama");
  EXPECT_EQ(File::open(path)->require_string("k"), "v");
}

TEST_F(WriterTest, NamesTheFileThatCannotBeWritten) {
  const Writer writer = test::sample_writer();
  EXPECT_THAT([&] { writer.write(folder_ / "none" / "m.gguf"); },
              ThrowsMessage<Error>(HasSubstr("cannot create")));
  EXPECT_THAT([&] { writer.write(folder_); }, ThrowsMessage<Error>(HasSubstr("is a folder")));
  EXPECT_EQ(files(), 0);
}

}  // namespace
}  // namespace focusllm::gguf

#include "base/mapped_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace focusllm {
namespace {

class MappedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("focusllm-mapped-" + std::to_string(::getpid()));
    std::ofstream(path_, std::ios::binary).write(content_.data(), std::ssize(content_));
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::filesystem::path path_;
  std::vector<char> content_ = [] {
    std::vector<char> bytes(std::size_t{5} * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + 17);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
    return bytes;
  }();
};

TEST_F(MappedFiles, WhatWasReleasedIsReadAgain) {
  const MappedFile file(path_);
  const auto same = [&] {
    return std::equal(content_.begin(), content_.end(), reinterpret_cast<const char*>(file.bytes().data()));
  };
  ASSERT_EQ(file.bytes().size(), content_.size());
  EXPECT_TRUE(same());
  for (const auto& part :
       {file.bytes(), file.bytes().subspan(1), file.bytes().subspan(100, 200), file.bytes().last(1)}) {
    file.release(part);
    EXPECT_TRUE(same());
  }
}

// Pages that are let go of by mistake would be zeros, or another file's.
TEST_F(MappedFiles, BytesOfOthersAreLeftAlone) {
  const MappedFile file(path_);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<std::byte> other(8 * page, std::byte{42});
  file.release(other);
  EXPECT_TRUE(std::all_of(other.begin(), other.end(), [](std::byte b) { return b == std::byte{42}; }));
  const std::span<const std::byte> beyond(file.bytes().data(), file.bytes().size() + page);
  file.release(beyond);  // does nothing, as it is not all of this file
  EXPECT_EQ(static_cast<char>(file.bytes()[page]), content_[page]);
}

TEST_F(MappedFiles, AnAddressTellsItsFile) {
  const std::byte* bytes = nullptr;
  {
    const MappedFile file(path_), again(path_);
    bytes = file.bytes().data();
    EXPECT_STREQ(mapped_file_at(bytes), path_.c_str());
    EXPECT_STREQ(mapped_file_at(bytes + content_.size() - 1), path_.c_str());
    EXPECT_STREQ(mapped_file_at(again.bytes().data()), path_.c_str());
    EXPECT_EQ(mapped_file_at(content_.data()), nullptr);
    EXPECT_EQ(mapped_file_at(nullptr), nullptr);
  }
  EXPECT_EQ(mapped_file_at(bytes), nullptr);
}

TEST_F(MappedFiles, AMovedFileIsStillTold) {
  MappedFile first(path_);
  const std::byte* bytes = first.bytes().data();
  MappedFile second(std::move(first));
  MappedFile third(path_);
  third = std::move(second);
  EXPECT_STREQ(mapped_file_at(bytes), path_.c_str());
  EXPECT_EQ(third.bytes().data(), bytes);
  EXPECT_NO_THROW(third.check_unchanged());
}

TEST_F(MappedFiles, ANameWithControlCharactersIsToldAsItMayBeShown) {
  const std::filesystem::path odd = path_.string() + "\x1b[2J";
  std::filesystem::copy_file(path_, odd);
  const MappedFile file(odd);
  std::filesystem::remove(odd);
  EXPECT_THAT(mapped_file_at(file.bytes().data()), testing::EndsWith("\\x1b[2J"));
}

TEST_F(MappedFiles, ChangesAreTold) {
  const auto expect_told = [&](const MappedFile& file, const std::string& says) {
    EXPECT_THAT([&] { file.check_unchanged(); },
                testing::ThrowsMessage<Error>(
                    testing::AllOf(testing::HasSubstr(path_.string()), testing::HasSubstr(says))));
  };
  const MappedFile file(path_);
  EXPECT_NO_THROW(file.check_unchanged());
  std::ofstream(path_, std::ios::app) << "more";
  expect_told(file, "written to");
  const MappedFile longer(path_);
  timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
  expect_told(longer, "written to");
  const MappedFile old(path_);
  std::filesystem::copy_file(path_, path_.string() + ".new");
  std::filesystem::rename(path_.string() + ".new", path_);
  expect_told(old, "another file");
  std::filesystem::remove(path_);
  EXPECT_NO_THROW(old.check_unchanged());
}

}  // namespace
}  // namespace focusllm

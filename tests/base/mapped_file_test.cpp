#include "base/mapped_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

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

}  // namespace
}  // namespace focusllm

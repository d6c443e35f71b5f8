// The hash of a model is computed once for a file, and whatever becomes of the cache, it is the right one.

#include "engine/hash_cache.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "model/adapter.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

namespace fs = std::filesystem;

class HashCache : public testing::Test {
 protected:
  HashCache() {
    std::string name = (fs::temp_directory_path() / "focusllm-hashes.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    write(1);
  }
  ~HashCache() override {
    ::unsetenv("XDG_CACHE_HOME");
    fs::remove_all(folder_);
  }

  fs::path model() const { return folder_ / "model.gguf"; }
  /// A model of one size, last modified at one time, in one file.
  void write(unsigned seed) const {
    const std::vector<std::byte> bytes = TinyModel(TinySizes{}, seed).bytes;
    std::ofstream(model(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    fs::last_write_time(model(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  std::string known() const { return known_weights_hash(*gguf::File::open(model())); }
  std::string computed() const { return model::weights_hash(*gguf::File::open(model())); }
  std::vector<fs::path> entries(const fs::path& cache) const {
    if (!fs::exists(cache / "focusllm")) return {};
    return {fs::directory_iterator(cache / "focusllm" / "weights"), {}};
  }
  std::vector<fs::path> entries() const { return entries(folder_ / "cache"); }
  static std::string contents(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path folder_;
  const std::string forged_ = std::string(32, '0');
  /// Puts another hash into the entry: one that is told again was not computed.
  void forge() const {
    ASSERT_EQ(entries().size(), 1U);
    const std::string text = forged_ + contents(entries()[0]).substr(32);
    std::ofstream(entries()[0]) << text;
  }
};

TEST_F(HashCache, TheSecondTimeReadsNoWeights) {
  EXPECT_EQ(known(), computed());
  forge();
  EXPECT_EQ(known(), forged_);
}

TEST_F(HashCache, AChangedFileIsReadAgain) {
  known();
  forge();
  const auto size = fs::file_size(model());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // more than a step of the file's times
  write(2);
  ASSERT_EQ(fs::file_size(model()), size);
  EXPECT_EQ(known(), computed());
  EXPECT_EQ(entries().size(), 1U) << "what was known of the path before is replaced";
  fs::copy_file(model(), folder_ / "other.gguf");
  fs::rename(folder_ / "other.gguf", model());
  forge();
  EXPECT_EQ(known(), computed()) << "another file in its place";
}

TEST_F(HashCache, OneThatWasJustWrittenIsNotEntered) {
  fs::last_write_time(model(), fs::file_time_type::clock::now());
  EXPECT_EQ(known(), computed());
  EXPECT_TRUE(entries().empty());
}

TEST_F(HashCache, BrokenEntriesDoNotCount) {
  const std::string hash = known();
  const fs::path entry = entries().at(0);
  const std::string whole = contents(entry);
  for (const std::string& text :
       {std::string(), hash, whole.substr(1), "x" + whole.substr(1), whole + whole}) {
    std::ofstream(entry) << text;
    EXPECT_EQ(known(), hash);
  }
  fs::remove(entry);
  fs::create_directory(entry);
  EXPECT_EQ(known(), hash);
}

TEST_F(HashCache, ItNeedNotBeThere) {
  std::ofstream(folder_ / "file") << "no folder";
  for (const fs::path& cache : {folder_ / "file", fs::path("/proc/none")}) {
    ::setenv("XDG_CACHE_HOME", cache.c_str(), 1);
    EXPECT_EQ(known(), computed());
  }
}

TEST_F(HashCache, AHomeIsTheOtherPlace) {
  const char* home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", folder_.c_str(), 1);
  EXPECT_EQ(known(), computed());
  EXPECT_EQ(entries(folder_ / ".cache").size(), 1U);
  ::unsetenv("HOME");
  EXPECT_EQ(known(), computed());
  if (home != nullptr) ::setenv("HOME", before.c_str(), 1);
}

TEST_F(HashCache, WhatIsInMemoryHasNone) {
  const TinyModel tiny(TinySizes{});
  EXPECT_EQ(known_weights_hash(*tiny.file), model::weights_hash(*tiny.file));
  EXPECT_TRUE(entries().empty());
}

}  // namespace
}  // namespace focusllm::test

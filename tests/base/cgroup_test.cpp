#include "base/cgroup.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "base/memory.h"
#include "base/threads.h"

namespace focusllm {
namespace {

namespace fs = std::filesystem;

/// A made-up /proc and /sys.
class Tree : public testing::Test {
 protected:
  Tree() {
    std::string name = (fs::temp_directory_path() / "cgroup_test.XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    write("proc/meminfo", "MemTotal: 9000 kB\nMemFree: 100 kB\nMemAvailable: 8000 kB\n");
    write("proc/self/status", "Name:\tx\nVmRSS:\t  900 kB\nRssFile:\t  100 kB\n");
  }
  ~Tree() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  /// A group of version 2, all in KiB.
  void group(const std::string& path, const std::string& limit, int used, int active, int inactive) {
    const std::string folder = "sys/fs/cgroup" + path + "/";
    write(folder + "memory.max", limit + "\n");
    write(folder + "memory.current", std::to_string(used * 1024) + "\n");
    write(folder + "memory.stat", "anon 5\nactive_file " + std::to_string(active * 1024) +
                                      "\ninactive_file " + std::to_string(inactive * 1024) + "\n");
  }
  static std::string kib(int value) { return std::to_string(value * 1024); }
  std::int64_t free_kib() const { return available_memory(root_) / 1024; }

  fs::path root_;
};

TEST_F(Tree, WithoutGroupsTheSystemDecides) {
  EXPECT_EQ(free_kib(), 8000);
  EXPECT_FALSE(group_memory(root_));
  EXPECT_FALSE(group_processors(root_));
}

TEST_F(Tree, PageCacheIsFreeButWhatIsMappedIsNot) {
  write("proc/self/cgroup", "0::/\n");
  group("", kib(5000), 4900, 3000, 1500);
  EXPECT_EQ(free_kib(), 5000 - (4900 - (4500 - 100)));
  group("", "max", 4900, 3000, 1500);
  EXPECT_EQ(free_kib(), 8000);
  group("", kib(5000), 60, 3000, 1500);  // never more than the limit
  EXPECT_EQ(free_kib(), 5000);
  group("", kib(5000), 6000, 0, 0);  // lowered below what is used
  EXPECT_EQ(free_kib(), 0);
  group("", kib(50000), 60, 0, 0);
  EXPECT_EQ(free_kib(), 8000);
}

TEST_F(Tree, TheTightestOfAllGroupsAboveCounts) {
  write("proc/self/cgroup", "0::/system.slice/focus.service\n");
  group("/system.slice/focus.service", kib(7000), 1000, 100, 0);
  EXPECT_EQ(free_kib(), 6000);
  group("/system.slice", kib(3000), 1500, 100, 0);
  EXPECT_EQ(free_kib(), 1500);
}

TEST_F(Tree, APathOfTheHostIsTheMountedGroup) {
  write("proc/self/cgroup", "0::/docker/0123456789\n");
  group("", kib(2000), 500, 100, 0);
  EXPECT_EQ(free_kib(), 1500);
}

TEST_F(Tree, TheFirstVersionToo) {
  write("proc/self/cgroup", "12:cpu,cpuacct:/box\n5:memory:/box/inner\n0::/\n");
  const std::string folder = "sys/fs/cgroup/memory/box/inner/";
  write(folder + "memory.limit_in_bytes", kib(4000) + "\n");
  write(folder + "memory.usage_in_bytes", kib(3000) + "\n");
  write(folder + "memory.stat",
        "active_file 1\ntotal_active_file " + kib(1000) + "\ntotal_inactive_file " + kib(600) + "\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", kib(8000) + "\n");
  write("sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "150000\n");
  write("sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(free_kib(), 4000 - (3000 - 1500));
  EXPECT_DOUBLE_EQ(group_processors(root_).value(), 1.5);
}

TEST_F(Tree, AQuotaLimitsProcessors) {
  write("proc/self/cgroup", "0::/box\n");
  const int all = usable_processors(root_);
  EXPECT_GE(all, 1);
  write("sys/fs/cgroup/box/cpu.max", "max 100000\n");
  EXPECT_EQ(usable_processors(root_), all);
  write("sys/fs/cgroup/box/cpu.max", "100000 100000\n");
  EXPECT_EQ(usable_processors(root_), 1);
  write("sys/fs/cgroup/box/cpu.max", "20000 100000\n");
  EXPECT_EQ(usable_processors(root_), 1);
  write("sys/fs/cgroup/box/cpu.max", "100000000 100000\n");
  EXPECT_EQ(usable_processors(root_), all);
}

TEST_F(Tree, NonsenseDoesNotLimit) {
  write("proc/self/cgroup", "what is this\n0::/box\n:\n");
  write("sys/fs/cgroup/box/memory.max", "many\n");
  write("sys/fs/cgroup/box/cpu.max", "0 0\n");
  EXPECT_EQ(free_kib(), 8000);
  EXPECT_FALSE(group_processors(root_));
}

TEST(Threads, TheEnvironmentsNumberIsTheDefault) {
  const int before = thread_count();
  setenv("OMP_NUM_THREADS", "3,1", 1);
  set_thread_count(0);
  EXPECT_EQ(thread_count(), 3);
  set_thread_count(2);
  EXPECT_EQ(thread_count(), 2);
  unsetenv("OMP_NUM_THREADS");
  set_thread_count(0);
  EXPECT_EQ(thread_count(), usable_processors());
  set_thread_count(before);
}

}  // namespace
}  // namespace focusllm

#include "base/threads.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <omp.h>

#include "base/error.h"

namespace focusllm {
namespace {

class ThreadsOfEnvironment : public testing::Test {
 protected:
  ~ThreadsOfEnvironment() override {
    unsetenv("OMP_NUM_THREADS");
    set_thread_count(before_);
  }
  int before_ = thread_count();
};

TEST_F(ThreadsOfEnvironment, NonsenseIsNotFollowed) {
  for (const char* value : {"", "many", "-3", "0", "4096", "99999999999999999999999", " ,2"}) {
    setenv("OMP_NUM_THREADS", value, 1);
    set_thread_count(0);
    EXPECT_EQ(thread_count(), usable_processors()) << value;
  }
  EXPECT_THROW(set_thread_count(-1), UsageError);
}

TEST(ParallelFor, CallsEachOnce) {
  std::vector<std::atomic<int>> calls(1000);
  parallel_for(1000, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
  for (const auto& count : calls) EXPECT_EQ(count, 1);
  for (const std::int64_t none : {0, -1, -1000}) parallel_for(none, [](std::int64_t) { FAIL(); });
}

TEST(ParallelFor, AnExceptionComesOutAndTheOthersRun) {
  for (const std::int64_t count : {1, 2, 64}) {
    std::atomic<int> calls = 0;
    const auto body = [&](std::int64_t i) {
      ++calls;
      if (i % 2 == 0) throw std::runtime_error("even");
    };
    EXPECT_THROW(parallel_for(count, body), std::runtime_error) << count;
    EXPECT_EQ(calls, count);
  }
}

/// Else regions within it would be a level deeper, and start their threads anew each time.
TEST(ParallelFor, OfOneIsNoParallelRegion) {
  int level = -1;
  parallel_for(1, [&](std::int64_t) { level = omp_get_level(); });
  EXPECT_EQ(level, 0);
}

}  // namespace
}  // namespace focusllm

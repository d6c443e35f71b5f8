#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train_program/workplace.h"

namespace focusllm::cli_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Waits until some steps are done.
void wait_for_steps(const Workplace& place, std::size_t steps) {
  for (int i = 0; i < 500 && (!place.has("a.gguf.jsonl") || steps_of(place.metrics()).size() < steps); ++i)
    std::this_thread::sleep_for(20ms);
}

Process::Streams slow(const std::vector<std::string>& more = {}) {
  Process::Streams streams;
  streams.environment = more;
  streams.environment.emplace_back("FAKE_STEP_MS=40");  // of two, the first one counts
  return streams;
}

TEST(TrainInterrupt, SavesAndGoesOnWithTheSameCommand) {
  const Workplace whole;
  ASSERT_EQ(whole.train().code, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const Workplace place;
    Process process(place.command(), slow());
    wait_for_steps(place, 2);
    process.signal(signal);
    Ended ended;
    EXPECT_LT(process.seconds_to_end(ended), 3);
    EXPECT_EQ(ended.code, 130);
    EXPECT_THAT(ended.err, HasSubstr("stopped behind step"));
    EXPECT_GE(place.checkpoint_step(), 2);
    EXPECT_TRUE(place.has("a.gguf"));
    ASSERT_EQ(place.train().code, 0);
    EXPECT_EQ(place.metrics(), whole.metrics());
  }
}

TEST(TrainInterrupt, ASecondSignalEndsAtOnce) {
  const Workplace place;
  Process process(place.command(), slow({"FAKE_SAVE_MS=60000"}));
  wait_for_steps(place, 1);
  process.signal(SIGINT);
  std::this_thread::sleep_for(300ms);
  ASSERT_TRUE(process.running());
  process.signal(SIGINT);
  Ended ended;
  EXPECT_LT(process.seconds_to_end(ended), 3);
  EXPECT_EQ(ended.code, 130);
  EXPECT_FALSE(place.has("a.gguf.checkpoint"));
}

TEST(TrainInterrupt, BeforeTheFirstStepThereIsNothingToSave) {
  const Workplace place;
  Process process(place.command(), slow({"FAKE_STEP_MS=60000"}));
  wait_for_steps(place, 0);
  std::this_thread::sleep_for(500ms);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().code, 130);
  EXPECT_FALSE(place.has("a.gguf.checkpoint"));
  EXPECT_FALSE(place.has("a.gguf"));
}

}  // namespace
}  // namespace focusllm::cli_test

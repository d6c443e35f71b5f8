#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train_program/workplace.h"

namespace focusllm::cli_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(TrainRanks, OneOfThemWritesAndSpeaks) {
  const Workplace place;
  const Ended ended = place.train({"--ranks", "2"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(place.files(), ElementsAre("a.gguf", "a.gguf.checkpoint", "a.gguf.html", "a.gguf.jsonl"));
  EXPECT_EQ(steps_of(place.metrics()).size(), 12U);
  EXPECT_EQ(ended.err.find("step 12 of 12"), ended.err.rfind("step 12 of 12"));
}

TEST(TrainRanks, OneThatFailsEndsTheOthers) {
  const Workplace place;
  for (const auto& [variable, code, says] : std::vector<std::tuple<std::string, int, std::string>>{
           {"FAKE_FAILING_RANK=1", 1, "rank 1 of 2: error: step 3: made to fail"},
           {"FAKE_KILLED_RANK=1", 77, "ended with exit code 77"}}) {
    Process::Streams streams;
    streams.environment = {variable, "FAKE_STEP_MS=20"};
    Process process(place.command({"--ranks", "2", "--fresh", "--steps", "100000"}), streams);
    Ended ended;
    EXPECT_LT(process.seconds_to_end(ended), 20);
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(says));
    EXPECT_THAT(ended.err, HasSubstr("rank 1 of 2 ended with exit code"));
  }
}

TEST(TrainRanks, ASignalIsPassedOnOnceAndAllIsSaved) {
  const Workplace place;
  Process::Streams streams;
  streams.environment = {"FAKE_STEP_MS=30"};
  Process process(place.command({"--ranks", "2", "--steps", "100000"}), streams);
  for (int i = 0; i < 500 && (!place.has("a.gguf.jsonl") || place.metrics().size() < 3); ++i)
    std::this_thread::sleep_for(20ms);
  process.signal(SIGINT);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_NE(ended.err.find("stopped behind"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.find("stopped behind"), ended.err.rfind("stopped behind")) << ended.err;
  EXPECT_GE(place.checkpoint_step(), 1);
  EXPECT_TRUE(place.has("a.gguf"));
}

TEST(TrainRanks, WrongUseIsToldOnce) {
  const Workplace place;
  const Ended ended = place.train({"--ranks", "2", "--chunks", "1-17"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_TRUE(is_one_line(ended.err)) << ended.err;
}

TEST(TrainRanks, TheEnvironmentOfOtherLaunchersCounts) {
  const Workplace place;
  const Ended second =
      place.train({}, {"RANK=1", "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=29511"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.err, "");
  EXPECT_TRUE(place.files().empty());
}

}  // namespace
}  // namespace focusllm::cli_test

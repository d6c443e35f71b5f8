#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"

namespace focusllm::cli_test {
namespace {

using namespace std::chrono_literals;

// A second is what is promised; machines that are busy with other things, and sanitizers, get some more.
constexpr double kSeconds = 3;

std::string long_text(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += i % 17 == 0 ? " stone." : " river";
  return text;
}

void expect_stops(Process& process, int signal) {
  ASSERT_TRUE(process.running()) << process.wait().err;
  process.signal(signal);
  Ended ended;
  EXPECT_LT(process.seconds_to_end(ended), kSeconds);
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_EQ(ended.err, "focusllm: interrupted\n");
}

TEST(Interrupt, StopsInReading) {
  MODEL_OR_SKIP(model);
  const TemporaryFile text(long_text(200000));
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process({"run", "-m", model, "-f", text.path(), "-p", "x", "--method", "streaming"});
    std::this_thread::sleep_for(3s);
    expect_stops(process, signal);
  }
}

TEST(Interrupt, StopsInFullReadingAndScoring) {
  MODEL_OR_SKIP(model);
  const TemporaryFile text(long_text(100000));
  Process full({"run", "-m", model, "-f", text.path(), "--raw", "--method", "full", "--beyond-trained"});
  std::this_thread::sleep_for(3s);
  expect_stops(full, SIGINT);
  Process scoring({"perplexity", "-m", model, "-f", text.path(), "-c", "4096"});
  std::this_thread::sleep_for(3s);
  expect_stops(scoring, SIGINT);
}

TEST(Interrupt, StopsWhileItWaitsForStandardInput) {
  Process::Streams streams;
  streams.keep_input_open = true;
  Process process({"run", "-m", "/no/such/model.gguf"}, streams);
  std::this_thread::sleep_for(300ms);
  ASSERT_TRUE(process.running());
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(5s).code, 130);
}

}  // namespace
}  // namespace focusllm::cli_test

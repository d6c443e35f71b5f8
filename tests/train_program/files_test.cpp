#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "focusllm/gguf.h"
#include "train_program/workplace.h"

namespace focusllm::cli_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TrainFiles, ARunWritesAdapterCheckpointMetricsAndPage) {
  const Workplace place;
  const Ended ended = place.train();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr("to train on"));
  EXPECT_THAT(ended.err, HasSubstr("step 12 of 12"));
  EXPECT_THAT(ended.err, HasSubstr("validation loss"));
  EXPECT_THAT(ended.err, testing::Not(HasSubstr("\r")));  // nobody watches
  EXPECT_THAT(place.files(), ElementsAre("a.gguf", "a.gguf.checkpoint", "a.gguf.html", "a.gguf.jsonl"));
  EXPECT_EQ(place.checkpoint_step(), 12);
  EXPECT_THAT(steps_of(place.metrics()), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  std::vector<int> measured, alone;
  for (const auto& record : place.metrics()) {
    if (record.contains("validation")) measured.push_back(record.at("step"));
    if (!record.contains("without_memory")) continue;
    alone.push_back(record.at("step"));
    EXPECT_GT(record.at("without_memory").at("losses").at("continuation"), 0);
  }
  EXPECT_THAT(measured, ElementsAre(0, 4, 8, 12));
  EXPECT_THAT(alone, ElementsAre(0));
  EXPECT_THAT(ended.err, HasSubstr("the local window alone: validation loss"));
  EXPECT_THAT(place.read("a.gguf.html"), HasSubstr("<polyline"));
}

TEST(TrainFiles, TheAdapterSaysWhatItWasTrainedOn) {
  const Workplace place;
  ASSERT_EQ(place.train({"--seed", "77"}).code, 0);
  const auto file = gguf::File::open(place.path("a.gguf"));
  const auto value = [&](const std::string& key) {
    return std::string(file->require_string("focusllm.train." + key));
  };
  EXPECT_EQ(value("data"), "texts");
  EXPECT_EQ(value("steps"), "12");
  EXPECT_EQ(value("samples"), "48");
  EXPECT_EQ(value("seed"), "77");
  EXPECT_EQ(value("chunk_sizes"), "300");
  EXPECT_EQ(value("shares"), "retrieval 0.45, repetition 0.25, continuation 0.3");
  EXPECT_FALSE(value("commit").empty());
  EXPECT_THAT(value("loss"), HasSubstr("mean of the last"));
  EXPECT_THAT(value("validation_loss"), HasSubstr("retrieval"));
}

TEST(TrainFiles, ARunCanBeginWithAnAdapterAndSaysSo) {
  const Workplace first, place, third;
  ASSERT_EQ(first.train().code, 0);
  const Ended ended = place.train({"--init", first.path("a.gguf")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(gguf::File::open(place.path("a.gguf"))->require_string("focusllm.train.init"), "a.gguf");
  const Ended missing = third.train({"--init", third.path("none.gguf")});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("none.gguf"));
}

TEST(TrainFiles, NoneSwitchesMetricsAndPageOff) {
  const Workplace place;
  ASSERT_EQ(place.train({"--metrics", "none", "--html", "none"}).code, 0);
  EXPECT_THAT(place.files(), ElementsAre("a.gguf", "a.gguf.checkpoint"));
}

TEST(TrainFiles, TheSameSeedGivesTheSameRunAndAFinishedOneIsDone) {
  const Workplace one, two;
  ASSERT_EQ(one.train().code, 0);
  ASSERT_EQ(two.train().code, 0);
  EXPECT_EQ(one.metrics(), two.metrics());
  const Ended again = one.train();
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("all 12 steps are done"));
  EXPECT_EQ(one.metrics(), two.metrics());
  ASSERT_EQ(two.train({"--seed", "2", "--fresh"}).code, 0);
  EXPECT_NE(one.metrics(), two.metrics());
}

TEST(TrainFiles, AResumeContinuesTheMetricsAsIfItHadNotStopped) {
  const Workplace whole, parts;
  ASSERT_EQ(whole.train().code, 0);
  ASSERT_EQ(parts.train({"--steps", "5"}).code, 0);
  // As after a crash: lines beyond the checkpoint, and one cut short.
  parts.write("a.gguf.jsonl", parts.read("a.gguf.jsonl") + "{\"step\":6,\"loss\":9}\n{\"step\":7,\"lo");
  const Ended ended = parts.train();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("goes on behind step 5"));
  std::vector<nlohmann::json> records = parts.metrics();
  // The shorter run measured at its end.
  std::erase_if(records, [](const auto& r) { return r.contains("validation") && r.at("step") == 5; });
  EXPECT_EQ(records, whole.metrics());
}

TEST(TrainFiles, ACheckpointThatDoesNotFitIsAnErrorAndStays) {
  const Workplace place;
  ASSERT_EQ(place.train({"--steps", "5"}).code, 0);
  const Ended ended = place.train({"--rank", "8"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("--fresh"));
  EXPECT_EQ(place.checkpoint_step(), 5);
  place.write("a.gguf.checkpoint", "garbage");
  EXPECT_THAT(place.train().err, HasSubstr("broken"));
  EXPECT_EQ(place.train({"--fresh"}).code, 0);
  const Workplace empty;
  const Ended nothing = empty.train({"--resume"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("nothing to resume"));
}

TEST(TrainFiles, AFullDiskIsAClearErrorAndTheLastCheckpointSurvives) {
  const Workplace place;
  ASSERT_EQ(place.train({"--steps", "5"}).code, 0);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 64 * 1024;
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Ended ended = place.train({}, {"FAKE_CHECKPOINT_BYTES=100000"});
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("a.gguf.checkpoint: cannot write: File too large"));
  EXPECT_EQ(place.checkpoint_step(), 5);
  EXPECT_THAT(place.files(), ElementsAre("a.gguf", "a.gguf.checkpoint", "a.gguf.html", "a.gguf.jsonl"));
}

TEST(TrainFiles, WhatIsLeftOutIsSaid) {
  const Workplace place;
  place.write("texts/bad.txt", "\xff");
  place.write("texts/short.txt", "short");
  EXPECT_THAT(place.train().err,
              HasSubstr("left out: 1 not valid UTF-8 (first: bad.txt), 1 shorter than 64 tokens"));
}

}  // namespace
}  // namespace focusllm::cli_test

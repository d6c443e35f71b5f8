#include "eval/run.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/parts.h"
#include "eval/measurements.h"
#include "eval/prompt_reader.h"
#include "eval/write_questions.h"
#include "lines_of.h"
#include "model/spec.h"

namespace focusllm::eval {
namespace {

using Json = Results::Json;
using testing::AllOf;
using testing::Gt;
using testing::HasSubstr;
using testing::Le;

class Run : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = FOCUSLLM_SOURCE_DIR "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no model: make models";
    std::filesystem::remove(path_);
    static const std::shared_ptr<const Engine> loaded = Engine::load(path);  // packs its weights once
    engine_ = loaded;
    plan_.methods.emplace_back();
    plan_.methods[0].method = "full";
    plan_.lengths = {300};
    plan_.depths = {20, 80};
    plan_.layouts = {Layout::focus};
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::vector<Json> run(const std::string& task) {
    Results results(path_);
    run_task(task, engine_, plan_, results, CancelToken(), {});
    return lines_of(path_);
  }

  const std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "focusllm-run.jsonl";
  std::shared_ptr<const Engine> engine_;
  Plan plan_;
};

/// What results were written with stays what they are found by.
TEST_F(Run, IdentitiesDoNotChange) {
  const auto identity = [this](const ContextOptions& options) {
    Json json = identity_of(*engine_, options);
    json.erase("model_hash");
    return json.dump();
  };
  ContextOptions options;
  options.method = "infllm";
  options.block_cache = 512;
  options.evict_by_score = true;
  options.initial = -1;
  options.overlap = -1;
  EXPECT_EQ(
      identity(options),
      R"({"model":"Smollm2 135M 8k Lc100K Mix1 Ep2","products":"auto","adapter":"","method":"infllm",)"
      R"("sizes":{"local":1024,"initial":0,"block":16,"top_k":64,"answer_top_k":384,"representatives":4,)"
      R"("parity":false,"sharpen":0,"chunk":0,"overlap":-1,"tail":0,"refresh":0,"renew":0,"exact":false,)"
      R"("beyond_trained":false},"kv_type":"auto","cache":{"blocks":512,"policy":"lru-s","decay":0.9}})");
  options = {};
  options.method = "focus";
  options.overlap = -1;
  options.kv_type = attention::KvType::int8;
  Json focus = Json::parse(identity(options));
  EXPECT_NE(focus["adapter"], "");
  EXPECT_EQ(
      focus["sizes"].dump(),
      R"({"local":128,"initial":0,"block":0,"top_k":0,"answer_top_k":0,"representatives":0,"parity":false,)"
      R"("sharpen":0,"chunk":1024,"overlap":0,"tail":128,"refresh":1,"renew":32,"exact":false,)"
      R"("beyond_trained":false})");
  EXPECT_EQ(focus["kv_type"], "int8");
  EXPECT_FALSE(focus.contains("cache"));
}

TEST_F(Run, AResultHasScoreAnswerAndTimes) {
  const auto lines = run("passkey");
  ASSERT_EQ(lines.size(), 2U);
  for (const Json& line : lines) {
    EXPECT_EQ(line.at("score"), line.at("right").get<bool>() ? 1 : 0);
    EXPECT_EQ(line.at("expected").size(), 1U);
    EXPECT_TRUE(line.at("answer").is_string());
    EXPECT_NEAR(line.at("tokens").get<double>(), 300, 2);
    EXPECT_GT(line.at("read_seconds").get<double>(), 0);
    EXPECT_TRUE(line.at("needle").is_number());
  }
  EXPECT_EQ(lines[1].at("identity").at("depth"), 80);
  EXPECT_EQ(run("passkey").size(), 2U);  // nothing is measured again
  plan_.methods[0].beyond_trained = true;
  plan_.depths = {20, 20};
  EXPECT_EQ(run("passkey").size(), 3U)
      << "another setting is another measurement; what is listed twice is one";
}

TEST_F(Run, APromptWithoutRoomForItsAnswerIsRefusedBeforeItIsRead) {
  plan_.lengths = {spec_of(*engine_).trained_context};
  plan_.depths = {50};
  const auto lines = run("passkey");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0].at("error").get<std::string>(), HasSubstr("`beyond_trained`"));
}

TEST_F(Run, FilesOfOneNameAreToldApartByWhatTheyHold) {
  const auto file = [](const std::string& words) {
    const Json line{{"index", 0},
                    {"input", "The following coded text: " + words + ". The most frequent:"},
                    {"outputs", {"x"}}};
    return NamedText{"validation.jsonl", line.dump() + "\n"};
  };
  plan_.texts = {file("a a a b")};
  EXPECT_EQ(run("ruler").size(), 1U);
  plan_.texts = {file("a b b b")};
  EXPECT_EQ(run("ruler").size(), 2U);
  plan_.texts = {file("a a a b"), file("a b b b")};
  EXPECT_EQ(run("ruler").size(), 2U);
}

TEST_F(Run, StopsWhenCancelled) {
  Results results(path_);
  CancelToken cancel;
  std::vector<EvalState> states;
  const auto progress = [&](const EvalState& state) {
    states.push_back(state);
    if (state.done == 1) cancel.cancel();
  };
  EXPECT_THROW(run_task("passkey", engine_, plan_, results, cancel, progress), Cancelled);
  EXPECT_EQ(lines_of(path_).size(), 1U);
  ASSERT_FALSE(states.empty());
  EXPECT_EQ(states.back().total, 2);
  EXPECT_NEAR(states.back().share, 0.5, 0.01);
  EXPECT_EQ(states.front().next, "passkey full 300");
}

TEST_F(Run, WhatPromptsBeginWithIsReadOnce) {
  const CancelToken cancel;
  std::vector<Token> tokens;
  for (int i = 0; i < 900; ++i) tokens.push_back(1000 + i % 37);
  PromptReader reader(engine_, cancel);
  // What the reader reads is as read afresh; the tokens that it had to read.
  const auto read = [&](const char* method) {
    plan_.methods[0].method = method;
    AskOptions ask;
    ask.max_tokens = 3;
    const Answer answer = reader.read(tokens, 3, plan_.methods[0]).ask("", ask);
    const Answer afresh = PromptReader(engine_, cancel).read(tokens, 3, plan_.methods[0]).ask("", ask);
    EXPECT_EQ(answer.text, afresh.text) << method;
    EXPECT_EQ(answer.tokens.front().logprob, afresh.tokens.front().logprob) << method;
    EXPECT_EQ(answer.timings.prompt_tokens, std::ssize(tokens)) << method;
    EXPECT_EQ(afresh.timings.read_tokens, std::ssize(tokens)) << method;
    return answer.timings.read_tokens;
  };
#ifdef FOCUSLLM_SANITIZE
  const std::vector<const char*> methods;  // context_test copies the sessions of all
#else
  const std::vector methods{"full", "streaming", "lm-infinite", "dca", "infllm"};
#endif
  for (const char* method : methods) {
    EXPECT_EQ(read(method), 900) << method;  // also of another method than the one before
    tokens.back() = tokens.back() == 2000 ? 2001 : 2000;
    // The last fork has seven eighths of the prompt, of which up to a pass's rows still wait.
    const std::int64_t behind = 900 - 900 * 7 / 8;
    EXPECT_THAT(read(method), AllOf(Gt(behind), Le(behind + 512))) << method;
    tokens[300] = tokens[300] == 2000 ? 2001 : 2000;
    EXPECT_GT(read(method), 900 - 300) << method;
  }
  tokens.resize(700);
  EXPECT_EQ(read("infllm"), 700);
  tokens[100] = 2000;
  EXPECT_EQ(read("focus"), 700);
}

#ifndef FOCUSLLM_SANITIZE  // minutes
TEST_F(Run, ATextIsReadOnceForAllQuestionsOfAChat) {
  plan_.methods[0].method = "streaming";
  plan_.chat = true;
  plan_.trials = 3;
  plan_.lengths = {3200};  // shorter ones carry other facts for each question
  const auto lines = run("facts");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_GT(lines[0].at("read_tokens").get<int>(), 3100);
  for (const std::size_t later : {1, 2}) EXPECT_LT(lines[later].at("read_tokens").get<int>(), 700) << later;
}

TEST_F(Run, WhatIsWrittenIsAskedAgainAsItWas) {
  plan_.methods[0].method = "full";
  plan_.chat = true;
  plan_.trials = 2;
  plan_.lengths = {400};
  const auto asked = run("facts");
  const std::filesystem::path file = path_.string() + ".questions";
  OutputFile output(file);
  write_questions("facts", engine_->tokenizer(), plan_, output);
  output.commit();
  std::ifstream stream(file);
  plan_.texts = {{"q.jsonl", std::string(std::istreambuf_iterator<char>(stream), {})}};
  std::filesystem::remove(file);
  std::filesystem::remove(path_);
  const auto again = run("questions");
  ASSERT_EQ(again.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again[i].at("expected"), asked[i].at("expected"));
    EXPECT_EQ(again[i].at("answer"), asked[i].at("answer"));
  }
}
#endif

TEST_F(Run, TheChatFormIsAnotherMeasurement) {
  plan_.lengths = {200};
  EXPECT_EQ(run("facts").size(), 1U);
  plan_.chat = true;
  const auto lines = run("facts");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[1].at("identity").at("variant").get<std::string>(), HasSubstr(", chat"));
  plan_.lengths = {1500};
  EXPECT_THAT(run("cwe").back().at("error").get<std::string>(), HasSubstr("no chat form"));
}

TEST_F(Run, WhatTheTextDoesNotSayIsForMethodsThatJudge) {
  plan_.chat = true;
  const auto lines = run("absent");
  EXPECT_THAT(lines.at(0).at("error").get<std::string>(), HasSubstr("does not say whether"));
}

TEST_F(Run, AMeasurementNamesTheSizesThatTheMethodTook) {
  plan_.methods[0].method = "focus";
  plan_.methods[0].local = 64;
  plan_.depths = {50};
  const auto lines = run("passkey");
  ASSERT_EQ(lines.size(), 1U);
  const Json& sizes = lines[0].at("identity").at("sizes");
  EXPECT_EQ(sizes.at("chunk"), 1024);
  EXPECT_EQ(sizes.at("local"), 64);
  plan_.methods[0].chunk = 1 << 20;  // more than the model knows: the cell says so
  EXPECT_TRUE(run("passkey").back().contains("error"));
}

TEST_F(Run, WithoutOneNeedleThereIsNoDepth) {
  const auto lines = run("multivalue");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].at("identity").at("depth").is_null());
  EXPECT_TRUE(lines[0].at("needle").is_null());
}

TEST_F(Run, ALineThatAMethodRefusesIsAResult) {
  const auto line = [](const std::string& text) {
    return Json{{"index", 0}, {"input", text}, {"outputs", {"x"}}, {"length", 1}}.dump() + "\n";
  };
  std::string tale;
  for (int i = 0; i < 40000; ++i) tale += "once ";
  plan_.texts = {
      {"validation.jsonl", line(tale) + line("The following coded text: a a a b. The most frequent:")}};
  const auto lines = run("ruler");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].contains("error"));
  EXPECT_FALSE(lines[0].contains("score"));
  EXPECT_EQ(lines[1].at("identity").at("variant"), "fwe");
  EXPECT_TRUE(lines[1].at("identity").at("length").is_null());
  EXPECT_GE(lines[1].at("score").get<double>(), 0);
}

TEST_F(Run, AMemoryThatATextIsTooShortForIsRefusedAlone) {
  std::string tale;
  for (int i = 0; i < 60; ++i) tale += "Once there was a king who had three sons. ";
  plan_.texts = {{"tale.txt", tale}, {"end.txt", "The end."}};
  plan_.lengths = {0, 200, 5000};
  plan_.scored = 16;
  plan_.local = 32;
  const auto lines = run("perplexity");
  ASSERT_EQ(lines.size(), 10U);  // two texts; no memory, and two lengths of their own and the other's
  for (const Json& line : lines) {
    const Json& id = line.at("identity");
    const bool fits = id.at("window").get<std::string>().starts_with("tale") &&
                      (id.at("length") == 0 || (id.at("length") == 200 && id.at("variant") == "own memory"));
    EXPECT_EQ(line.contains("nll"), fits) << line;
  }
}

TEST_F(Run, WhatMakesNoSenseIsWrongUse) {
  EXPECT_THROW(run("sing"), UsageError);
  EXPECT_THROW(run("longbench"), UsageError);  // no files
  for (const double depth : {-10.0, 100.5, std::nan("")}) {
    plan_.depths = {depth};
    EXPECT_THROW(run("kv"), UsageError) << depth;
  }
}

TEST(TaskNames, AreAllThere) {
  EXPECT_THAT(task_names(),
              testing::IsSupersetOf({"passkey", "kv", "fwe", "longbench", "ruler", "perplexity"}));
}

}  // namespace
}  // namespace focusllm::eval

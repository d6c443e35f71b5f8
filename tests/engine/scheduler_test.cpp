// Many sessions on one engine, with a random model: the same answers as alone.
#include "engine/scheduler.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/memory.h"
#include "engine/answer_job.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "talk.h"

namespace focusllm::test {
namespace {

class SchedulerTest : public testing::Test {
 protected:
  Session session(const std::string& method, const CancelToken* cancel = nullptr) const {
    return open_session(tiny_, method, cancel);
  }
  std::vector<TokenProbability> hold(const Talk& talk, unsigned seed) const {
    return test::hold(tiny_, talk, seed);
  }
  TinyEngine tiny_;
};

const std::vector<Talk> kTalks = {
    {"full", 700, 12, 0},    {"infllm", 900, 20, 3}, {"focus", 600, 9, 0},    {"streaming", 1300, 15, 10},
    {"dca", 500, 7, 0},      {"full", 3, 40, 1},     {"lm-infinite", 400, 5}, {"infllm", 40, 30, 5},
    {"focus", 70, 25, 2},    {"full", 1, 3, 20},     {"recall", 900, 12, 4},  {"dca", 1200, 4, 7},
    {"infllm", 1500, 6, 15}, {"focus", 1000, 12, 0}, {"full", 512, 10, 0},    {"lm-infinite", 33, 21, 30}};

TEST_F(SchedulerTest, ASessionAnswersAsIfItWereAlone) {
  std::vector<std::vector<TokenProbability>> alone;
  for (std::size_t i = 0; i < kTalks.size(); ++i) alone.push_back(hold(kTalks[i], static_cast<unsigned>(i)));
  for (const std::size_t together : {2U, 5U, 16U}) {
    std::vector<std::vector<TokenProbability>> got(together);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < together; ++i) {
      threads.emplace_back([&, i] {
        std::this_thread::sleep_for(std::chrono::milliseconds(kTalks[i].late));
        got[i] = hold(kTalks[i], static_cast<unsigned>(i));
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < together; ++i) expect_same(got[i], alone[i], kTalks[i]);
  }
}

TEST_F(SchedulerTest, CancellingOneLeavesTheOthersAsTheyAre) {
  const Talk talk{"infllm", 900, 20, 0};
  const auto alone = hold(talk, 4);
  CancelToken cancel;
  std::atomic<bool> cancelled = false;
  std::thread other([&] {
    auto reader = session("full", &cancel);
    try {
      for (;;) reader.read_tokens(tiny_.tokens(600, 1));
    } catch (const Cancelled&) {
      cancelled = true;
    }
  });
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cancel.cancel();
  });
  const auto got = hold(talk, 4);
  canceller.join();
  other.join();
  EXPECT_TRUE(cancelled);
  expect_same(got, alone, talk);
}

TEST(SchedulerMemory, AThousandSessionsLeaveItFlat) {
#ifdef FOCUSLLM_SANITIZE
  GTEST_SKIP() << "what was freed is kept for a while";
#endif
  const TinyEngine tiny(1);
  const auto hold = [&](unsigned seed) {
    Session::Options options;
    options.raw = true;
    Session session(tiny.engine, options);
    session.read_tokens(tiny.tokens(40, seed));
    AskOptions ask;
    ask.max_tokens = 2;
    session.ask("", ask);
  };
  for (unsigned i = 0; i < 50; ++i) hold(i);
  const std::int64_t before = peak_memory();
  for (unsigned i = 0; i < 1000; ++i) hold(i);
  EXPECT_LT(peak_memory() - before, std::int64_t{4} << 20);  // less than what the sessions held
}

TEST_F(SchedulerTest, AListenerThatStopsOrThrowsEndsItsAnswerThere) {
  auto reader = session("full");
  reader.read_tokens(tiny_.tokens(20, 3));
  AskOptions ask;
  ask.max_tokens = 50;
  int heard = 0;
  ask.on_token = [&](const GeneratedToken&) { return ++heard < 4; };
  EXPECT_EQ(reader.ask("", ask).tokens.size(), 4U);
  EXPECT_EQ(heard, 4);
  EXPECT_EQ(reader.tokens(), 20 + 4);
  ask.on_token = [&](const GeneratedToken&) -> bool { throw std::runtime_error("no more"); };
  EXPECT_THROW(reader.ask("", ask), std::runtime_error);
  ask.on_token = nullptr;
  ask.max_tokens = 3;
  EXPECT_EQ(reader.ask("", ask).tokens.size(), 3U);
}

TEST_F(SchedulerTest, ASlowListenerHoldsUpNobodyElse) {
  std::atomic<bool> done = false;
  auto slow = session("full"), quick = session("full");
  slow.read_tokens(tiny_.tokens(20, 3));
  quick.read_tokens(tiny_.tokens(20, 4));
  std::thread thread([&] {
    AskOptions ask;
    ask.max_tokens = 3;
    ask.on_token = [&](const GeneratedToken&) {
      while (!done) std::this_thread::yield();
      return true;
    };
    slow.ask("", ask);
  });
  AskOptions ask;
  ask.max_tokens = 40;
  EXPECT_EQ(quick.ask("", ask).tokens.size(), 40U);
  done = true;
  thread.join();
}

TEST_F(SchedulerTest, WrongSamplingIsRefusedBeforeAnythingIsRead) {
  auto reader = session("full");
  reader.read_tokens(tiny_.tokens(20, 3));
  AskOptions ask;
  ask.sampling.top_p = 2;
  EXPECT_THROW(reader.ask("", ask), UsageError);
  EXPECT_EQ(reader.memory_bytes(), 0);
}

TEST_F(SchedulerTest, ThreadsAreTheEnginesOwn) {
  const TinyEngine one(1), three(3);
  EXPECT_EQ(one.engine->threads(), 1);
  EXPECT_EQ(three.engine->threads(), 3);
  EXPECT_THROW(TinyEngine(-1), UsageError);
}

/// An answer of so many tokens, which looks at the passes that its rows are in.
class Answers final : public ContextJob {
 public:
  Answers(context::Context& context, int tokens) : ContextJob(context), left_(tokens) {}
  bool plan(model::Pass& pass, std::int64_t most_rows) override {
    if (left_-- == 0) return false;
    context().answer(1);
    return ContextJob::plan(pass, most_rows);
  }
  void took(const model::Pass& pass) override {
    most_rows_ = std::max(most_rows_, pass.rows());
    ContextJob::took(pass);
  }
  bool answering() const override { return true; }
  std::int64_t most_rows() const { return most_rows_; }

 private:
  int left_;
  std::int64_t most_rows_ = 0;
};

TEST_F(SchedulerTest, AnAnswerWaitsForOnePieceAtMostThatCannotBeCut) {
  const auto context = [&](const std::string& method) {
    ContextOptions options;
    options.method = method;
    return make_context(*tiny_.engine, resolve(options, attention::KvType::bf16));
  };
  Scheduler& scheduler = EngineParts::scheduler(*tiny_.engine);
  CancelToken enough;
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      const auto text = context("infllm");  // blocks of 512 queries
      text->append(tiny_.tokens(200'000, i));
      ContextJob reads(*text);
      EXPECT_THROW(scheduler.run(reads, enough), Cancelled);
    });
  }
  std::int64_t most_rows = 0;
  for (int tries = 0; tries < 1000 && most_rows <= 1; ++tries) {  // until a reader has begun
    const auto text = context("full");
    Answers answers(*text, 20);
    scheduler.run(answers, {});
    most_rows = std::max(most_rows, answers.most_rows());
  }
  enough.cancel();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(most_rows, model::kPassRows + 1);
}

/// Breaks when it is planned a second time.
class Breaks final : public Job {
 public:
  bool plan(model::Pass&, std::int64_t) override { fail("broken on purpose"); }
  void took(const model::Pass&) override {}
};

TEST_F(SchedulerTest, AJobThatBreaksEndsAlone) {
  CancelToken cancel;
  Breaks job;
  EXPECT_THROW(EngineParts::scheduler(*tiny_.engine).run(job, cancel), Error);
  EXPECT_THROW(EngineParts::scheduler(*tiny_.engine).call([] { fail("on purpose"); }), Error);
  EXPECT_FALSE(hold({"full", 20, 3, 0}, 2).empty());
}

}  // namespace
}  // namespace focusllm::test

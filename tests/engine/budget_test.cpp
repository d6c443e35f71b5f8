#include "engine/budget.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "support/tiny_engine.h"

namespace focusllm::test {
namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 30;

std::unique_ptr<Budget::Grant> admit(Budget& budget, std::int64_t bytes, std::int64_t* promised = nullptr) {
  return budget.admit([&](std::int64_t, std::int64_t others) {
    if (promised != nullptr) *promised = others;
    return bytes;
  });
}

TEST(Budget, WhatIsPromisedAndNotHeldIsNotFreeForOthers) {
  Budget budget;
  const auto one = admit(budget, 3 * kMany);
  std::int64_t promised = 0;
  {
    const auto two = admit(budget, kMany, &promised);
    EXPECT_EQ(promised, 3 * kMany);
    EXPECT_EQ(budget.promised(), 4 * kMany);
  }
  EXPECT_EQ(budget.promised(), 3 * kMany);
  one->hold(kMany);  // the system counts it now
  EXPECT_EQ(budget.promised(), 2 * kMany);
  EXPECT_EQ(budget.held(), kMany);
  one->hold(4 * kMany);  // more than was promised
  EXPECT_EQ(budget.promised(), 0);
  EXPECT_EQ(budget.held(), 4 * kMany);
  one->hold(kMany);  // what was let go is promised no more
  EXPECT_EQ(budget.promised(), 0);
  EXPECT_EQ(budget.held(), kMany);
}

TEST(Budget, WhoIsRefusedIsPromisedNothing) {
  Budget budget;
  EXPECT_THROW(budget.admit([](std::int64_t, std::int64_t) -> std::int64_t { fail("too much"); }), Error);
  EXPECT_EQ(budget.promised(), 0);
}

TEST(Budget, SessionsAreAdmittedAndLeaveNothing) {
  const TinyEngine tiny(1);
  const Budget& budget = EngineParts::budget(*tiny.engine);
  {
    Session::Options options;
    options.raw = true;
    options.context.method = "streaming";
    Session session(tiny.engine, options);
    session.expect(100000);
    session.read_tokens(tiny.tokens(600, 1));
    EXPECT_GT(budget.held(), 0);
    EXPECT_EQ(budget.held(), session.memory_bytes());
  }
  EXPECT_EQ(budget.held(), 0);
  EXPECT_EQ(budget.promised(), 0);
}

TEST(Budget, ATextThatOnlyFitsAloneIsRefusedBesideAnother) {
  const TinyEngine tiny(1);
  ContextOptions options;
  options.method = "full";
  options.beyond_trained = true;
  options.kv_type = attention::KvType::bf16;
  const std::int64_t free = context_bytes(*tiny.engine, options, 100000) * 5 / 4 + tiny.engine->memory().pass;
  EXPECT_NO_THROW(fit_memory(*tiny.engine, options, 100000, free));
  try {
    fit_memory(*tiny.engine, options, 100000, free / 2, free / 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("promised to other sessions"), std::string::npos)
        << error.what();
  }
}

TEST(Budget, WhatALongAnswerTakesIsNeededAsWell) {
  const TinyEngine tiny(1);
  ContextOptions options;
  options.method = "focus";
  options.chunk = 100;
  options.kv_type = attention::KvType::bf16;
  const std::int64_t free = context_bytes(*tiny.engine, options, 1000) * 5 / 4 + tiny.engine->memory().pass;
  const auto fit = [&](std::int64_t answer) {
    return fit_memory(*tiny.engine, options, 1000, free, 0, answer);
  };
  EXPECT_NO_THROW(fit(0));
  EXPECT_EQ(fit(100).answer_tokens, 100);
  EXPECT_THROW(fit(spec_of(*tiny.engine).trained_context - 1), Error);
}

}  // namespace
}  // namespace focusllm::test

#include <gtest/gtest.h>

#include "server/session_pool.h"
#include "support/tiny_chat.h"

namespace focusllm::server {
namespace {

class Pool : public testing::Test {
 protected:
  static Session session(int characters, const std::string& method = "full") {
    static const auto engine = focusllm::test::tiny_chat_engine();
    Session::Options options;
    options.context.method = method;
    options.context.local = method == "focus" ? 64 : 0;
    Session session(engine, options);
    session.read(std::string(static_cast<std::size_t>(characters), 'x'));
    AskOptions ask;
    ask.max_tokens = 1;
    session.ask("?", ask);
    return session;
  }
};

TEST_F(Pool, GivesWhatHasReadMostOfTheBeginning) {
  SessionPool pool(std::int64_t{1} << 30);
  EXPECT_FALSE(pool.take("abc").has_value());
  pool.put("ab", session(10));
  pool.put("abcd", session(20));
  pool.put("x", session(5));
  const auto found = pool.take("abcdef");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->read, 4U);
  EXPECT_EQ(pool.take("abc")->read, 2U);
  EXPECT_FALSE(pool.take("y").has_value());
  EXPECT_EQ(pool.count(), 3);  // forks were taken
}

TEST_F(Pool, ASessionThatCannotForkLeaves) {
  SessionPool pool(std::int64_t{1} << 30);
  pool.put("a", session(200, "focus"));
  EXPECT_TRUE(pool.take("ab").has_value());
  EXPECT_EQ(pool.count(), 0);
  EXPECT_EQ(pool.bytes(), 0);
}

TEST_F(Pool, WhatWasUsedLongestAgoGoes) {
  const std::int64_t one = session(300).memory_bytes();
  SessionPool pool(3 * one + one / 2);
  for (const char* key : {"a", "b", "c"}) pool.put(key, session(300));
  EXPECT_TRUE(pool.take("a").has_value());
  pool.put("d", session(300));
  EXPECT_EQ(pool.count(), 3);
  EXPECT_TRUE(pool.take("a").has_value());
  EXPECT_FALSE(pool.take("b").has_value());
  EXPECT_LE(pool.bytes(), 3 * one + one / 2);
}

TEST_F(Pool, SmallOnesPushNoLargeOneOut) {
  const std::int64_t small = session(1).memory_bytes();
  const std::int64_t large = session(900).memory_bytes();
  ASSERT_GT(large, 3 * small);
  SessionPool pool(17 * small + large);
  pool.put("text", session(900));
  for (int i = 0; i < 30; ++i) pool.put("title " + std::to_string(i), session(1));
  EXPECT_TRUE(pool.take("text and more").has_value());
  EXPECT_TRUE(pool.take("title 29").has_value());
  EXPECT_FALSE(pool.take("title 0").has_value());
}

TEST_F(Pool, WhatOthersStandOnStaysAsLongAsThey) {
  SessionPool pool(std::int64_t{1} << 30);
  pool.put("a", session(900));
  const std::int64_t alone = pool.bytes();
  auto found = pool.take("ab");
  pool.put("ab", std::move(found->session), found->from);
  EXPECT_LT(pool.bytes(), alone + alone / 2);  // what they share is counted once
  EXPECT_TRUE(pool.drop_oldest());
  EXPECT_EQ(pool.take("abc")->read, 1U);  // "ab" went first
  pool.clear();
  EXPECT_EQ(pool.bytes(), 0);
}

TEST_F(Pool, WhatIsTooLargeIsNotKept) {
  SessionPool pool(1000);
  pool.put("a", session(300));
  EXPECT_EQ(pool.count(), 0);
  EXPECT_EQ(pool.bytes(), 0);
}

}  // namespace
}  // namespace focusllm::server

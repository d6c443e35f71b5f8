#include "focusllm/cancel.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace focusllm {
namespace {

TEST(Cancel, AFlagThatIsUpThrows) {
  CancelToken token;
  EXPECT_NO_THROW(token.check());
  token.cancel();
  token.cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_THROW(token.check(), Cancelled);
  token.reset();
  EXPECT_NO_THROW(token.check());
}

TEST(Cancel, FollowersGoUpWithTheFirstOfAChain) {
  CancelToken first, second, third;
  second.follow(&first);
  third.follow(&second);
  second.cancel();
  EXPECT_FALSE(first.cancelled());
  EXPECT_TRUE(third.cancelled());
  second.reset();
  first.cancel();
  EXPECT_THROW(third.check(), Cancelled);
  third.reset();
  EXPECT_TRUE(third.cancelled()) << "the other's flag is not its own";
  third.follow(nullptr);
  EXPECT_FALSE(third.cancelled());
}

TEST(Errors, AreToldApartByWhatTheProgramDoes) {
  EXPECT_THROW(fail("{} of {}", 1, 2), Error);
  EXPECT_THROW(throw UsageError("x"), Error);
  EXPECT_STREQ(Cancelled().what(), "interrupted");
  try {
    fail("{}", "100 % {} %s");  // what a file says is no format
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "100 % {} %s");
  }
}

}  // namespace
}  // namespace focusllm

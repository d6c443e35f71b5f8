// Parts of the server by themselves: stop words, slots, watched sockets, limits of JSON.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "server/api_error.h"
#include "server/byte_range.h"
#include "server/parse_json.h"
#include "server/slots.h"
#include "server/stop_words.h"
#include "server/values.h"
#include "server/watcher.h"

namespace focusllm::server {
namespace {

TEST(StopWordsTest, CutInFrontOfTheFirst) {
  StopWords stop({"END", "</s>"});
  EXPECT_EQ(stop.add("one E"), "one ");
  EXPECT_EQ(stop.add("N two"), "EN two");
  EXPECT_EQ(stop.add(" <"), " ");
  EXPECT_EQ(stop.add("/s> END"), "");
  EXPECT_EQ(stop.found(), "</s>");
  EXPECT_EQ(stop.add("more"), "");
  EXPECT_EQ(stop.finish(), "");
}

TEST(StopWordsTest, WhatWasHeldBackComesAtTheEnd) {
  StopWords stop({"abcabd"});
  EXPECT_EQ(stop.add("xabcab"), "x");
  EXPECT_EQ(stop.add("cab"), "abc");
  EXPECT_EQ(stop.finish(), "abcab");
  EXPECT_TRUE(stop.found().empty());
}

TEST(SlotsTest, WaitInTheirOrderAndRefuseWhatIsTooMuch) {
  Slots slots(1, 1);
  const auto never = [] { return false; };
  auto first = std::make_unique<Slots::Ticket>(slots);
  EXPECT_TRUE(first->wait(never));
  EXPECT_FALSE(first->wait_for_another(never));
  Slots::Ticket second(slots);
  EXPECT_EQ(slots.running(), 1);
  EXPECT_EQ(slots.waiting(), 1);
  EXPECT_THROW(Slots::Ticket{slots}, ApiError);
  EXPECT_FALSE(second.wait([] { return true; }));
  std::atomic<bool> works = false;
  std::thread other([&] { works = second.wait(never); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(works);
  first.reset();
  other.join();
  EXPECT_TRUE(works);
}

TEST(ByteRangeTest, IsWhatTheBodyHasOfIt) {
  const auto range = [](const char* field) {
    const auto found = byte_range(field, 100);
    return found ? std::pair(found->first, found->bytes) : std::pair<std::size_t, std::size_t>(0, 12345);
  };
  using Range = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(range("bytes=0-0"), Range(0, 1));
  EXPECT_EQ(range("bytes=10-19"), Range(10, 10));
  EXPECT_EQ(range("bytes=90-"), Range(90, 10));
  EXPECT_EQ(range("bytes=90-1000"), Range(90, 10));
  EXPECT_EQ(range("bytes=0-99999999999999999999999"), Range(0, 100));
  EXPECT_EQ(range("bytes=-7"), Range(93, 7));
  EXPECT_EQ(range("bytes=-1000"), Range(0, 100));
  for (const char* empty : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"})
    EXPECT_EQ(range(empty).second, 0U) << empty;
  for (const char* none : {"", "bytes=", "bytes=-", "bytes=5-2", "bytes=1-2,4-5", "bytes=a-b", "bytes=+1-2",
                           "bytes=1--2", "bytes= 1-2", "lines=1-2", "1-2"})
    EXPECT_EQ(range(none).second, 12345U) << none;
  EXPECT_EQ(byte_range("bytes=-5", 0)->bytes, 0U);
  EXPECT_EQ(byte_range("bytes=0-", 0)->bytes, 0U);
}

TEST(WatcherTest, TellsOnceWhoLeft) {
  int sockets[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  Watcher watcher;
  std::atomic<int> left = 0;
  {
    const Watcher::Watch watch(watcher, sockets[0], [&] { ++left; });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(left, 0);
    ::close(sockets[1]);
    for (int i = 0; i < 200 && left == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    watcher.leave_all();
    EXPECT_EQ(left, 1);
  }
  ::close(sockets[0]);
}

TEST(JsonTest, DepthSizeAndBytesAreLimited) {
  Limits limits;
  limits.json_depth = 4;
  limits.json_values = 20;
  EXPECT_NO_THROW(parse_body(R"({"a": [[1]]})", limits));
  EXPECT_THROW(parse_body(R"({"a": [[[[[1]]]]]})", limits), ApiError);
  EXPECT_THROW(parse_body(R"({"a": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]})", limits),
               ApiError);
  for (const char* text :
       {"", "[]", "1", "{", "{\"a\": \"\xff\"}", "{\"a\": \"\\ud800\"}", "{\"a\": 1e999}", "{} {}"})
    EXPECT_THROW(parse_body(text, limits), ApiError) << text;
  const std::string deep = "{\"a\":" + std::string(1 << 20, '[');
  EXPECT_THROW(parse_body(deep, Limits()), ApiError);
}

TEST(ApiErrors, SayWhoseFaultItIs) {
  const auto status = [](const auto& error) { return api_error(std::make_exception_ptr(error)).status; };
  EXPECT_EQ(status(NotEnoughMemory("full")), 503);
  EXPECT_EQ(status(Cancelled()), 503);
  EXPECT_EQ(status(std::bad_alloc()), 503);
  EXPECT_EQ(status(UsageError("wrong")), 400);
  EXPECT_EQ(status(Error("cannot be done", "chunk")), 400);
  EXPECT_EQ(status(Error("the file changed")), 500);
  EXPECT_EQ(status(std::runtime_error("?")), 500);
  const ApiError error = api_error(std::make_exception_ptr(TextTooLong("long", "method", 900, 512)), 700);
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(error.json()["error"]["n_prompt_tokens"], 700);
  EXPECT_EQ(error.json()["error"]["n_ctx"], 512);
  EXPECT_TRUE(error.json()["error"]["code"].is_string());
  EXPECT_TRUE(bad_request("x").json()["error"]["param"].is_null());
  EXPECT_GT(api_error(std::make_exception_ptr(NotEnoughMemory("full"))).retry_after, 0);
}

TEST(ValuesTest, SayWhatIsWrong) {
  const Json body = {{"f", 1.5},     {"i", 3},    {"big", UINT64_MAX}, {"s", "x"},
                     {"n", nullptr}, {"b", true}, {"l", {1, "x"}}};
  const Values values(body, "in.");
  EXPECT_EQ(values.number("f", 0, 2), 1.5);
  EXPECT_EQ(values.number("i", 0, 3), 3);
  EXPECT_EQ(values.integer("i", 0, 3), 3);
  EXPECT_FALSE(values.integer("n", 0, 3).has_value());
  EXPECT_FALSE(values.text("absent").has_value());
  EXPECT_TRUE(values.flag("b"));
  EXPECT_EQ(values.texts("s"), std::vector<std::string>{"x"});
  EXPECT_THROW(values.number("f", 0, 1), ApiError);
  EXPECT_THROW(values.number("s", 0, 1), ApiError);
  EXPECT_THROW(values.integer("f", 0, 3), ApiError);
  EXPECT_THROW(values.integer("big", 0, INT64_MAX), ApiError);
  EXPECT_THROW(values.flag("i"), ApiError);
  EXPECT_THROW(values.texts("l"), ApiError);
  EXPECT_THROW(values.object("s"), ApiError);
  try {
    values.text("i");
    FAIL();
  } catch (const ApiError& error) {
    EXPECT_EQ(error.param, "in.i");
    EXPECT_EQ(error.status, 400);
  }
}

}  // namespace
}  // namespace focusllm::server

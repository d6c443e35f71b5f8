#include <thread>

#include "base/error.h"
#include "client.h"

namespace focusllm::server::test {
namespace {

using namespace std::chrono_literals;
using LimitsTest = ServerTest;
using Clock = std::chrono::steady_clock;

TEST_F(LimitsTest, SlowHeadersAndBodiesEndInTime) {
  Options options = tiny_options();
  options.limits.header_time = 1s;
  options.limits.body_time = 1s;
  start(options);
  for (const std::string begin :
       {"GET /health HTTP/1.1\r\n",
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"}) {
    const auto from = Clock::now();
    RawClient slow(server().port());
    slow.send(begin);
    std::string got;
    while (got.empty() && Clock::now() - from < 5s) {
      slow.send("x");
      got = slow.receive(100ms);
    }
    EXPECT_TRUE(got.starts_with("HTTP/1.1 408")) << begin << got;
    EXPECT_LT(Clock::now() - from, 3s);
  }
}

TEST_F(LimitsTest, LargeHeadersAndBodiesAreRefused) {
  Options options = tiny_options();
  options.limits.header_bytes = 4000;
  options.limits.body_bytes = 20000;
  start(options);
  const auto answer_to = [&](const std::string& bytes) {
    RawClient client(server().port());
    client.send(bytes);
    return client.receive(3s).substr(0, 12);
  };
  const std::string post = "POST /tokenize HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(answer_to("GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(3000, 'x') + "\r\n\r\n"),
            "HTTP/1.1 200");
  EXPECT_EQ(answer_to("GET /health HTTP/1.1\r\nX: " + std::string(1 << 20, 'x')), "HTTP/1.1 431");
  std::string many = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 2000; ++i) many += "a: b\r\n";
  EXPECT_EQ(answer_to(many), "HTTP/1.1 431");
  EXPECT_EQ(answer_to(post + "Content-Length: 20001\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(answer_to(post + "Content-Length: 20001\r\n\r\n" + std::string(20001, ' ')), "HTTP/1.1 413");
  std::string chunks;
  for (int i = 0; i < 100; ++i) chunks += "400\r\n" + std::string(1024, ' ') + "\r\n";
  EXPECT_EQ(answer_to(post + "Transfer-Encoding: chunked\r\n\r\n" + chunks), "HTTP/1.1 413");
  std::string crumbs;  // sizes of chunks are no way round the limit
  for (int i = 0; i < 20000; ++i) crumbs += "1;" + std::string(20, 'x') + "\r\n \r\n";
  EXPECT_EQ(answer_to(post + "Transfer-Encoding: chunked\r\n\r\n" + crumbs), "HTTP/1.1 413");
}

TEST_F(LimitsTest, ConnectionsAreCounted) {
  Options options = tiny_options();
  options.limits.connections = 2;
  start(options);
  RawClient one(server().port()), two(server().port());
  for (RawClient* each : {&one, &two}) {
    each->send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(each->receive(300ms).starts_with("HTTP/1.1 200"));
  }
  RawClient three(server().port());
  const std::string refused = three.receive(2s);
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503")) << refused;
  EXPECT_NE(refused.find("Retry-After"), std::string::npos);
  one.close();
  EXPECT_TRUE(soon([&] {
    RawClient again(server().port());
    again.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    return again.receive(1s).starts_with("HTTP/1.1 200");
  }));
}

TEST_F(LimitsTest, TooManyRequestsAreToldToComeBack) {
  Options options = tiny_options();
  options.limits.running = 1;
  options.limits.waiting = 1;
  options.context.method = "streaming";
  start(options);
  Json endless = chat("Hello", 100000);
  endless["stream"] = true;
  const std::string body = endless.dump();
  const std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
  RawClient runs(server().port()), waits(server().port());
  runs.send(request);
  ASSERT_TRUE(soon([&] { return server().core().slots.running() == 1; }));
  waits.send(request);
  ASSERT_TRUE(soon([&] { return server().core().slots.waiting() == 1; }));
  const auto refused = client().Post("/v1/chat/completions", chat("Hello").dump(), "application/json");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_FALSE(refused->get_header_value("Retry-After").empty());
  EXPECT_EQ(Json::parse(refused->body)["error"]["type"], "overloaded_error");
  runs.close();  // the other one's turn
  EXPECT_TRUE(waits.receive(1s).starts_with("HTTP/1.1 200"));
  waits.close();
  EXPECT_TRUE(soon([&] { return server().core().slots.running() == 0; }));
}

TEST_F(LimitsTest, APortThatIsTakenIsSaid) {
  Options options = tiny_options();
  options.port = server().port();
  try {
    const Server other(tiny_engine(), options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("another program"), std::string::npos) << error.what();
  }
  options.host = "192.0.2.1";
  options.keys = {"k"};
  EXPECT_THROW(Server(tiny_engine(), options), Error);
}

TEST_F(LimitsTest, StoppingFinishesWhatRuns) {
  RawClient idle(server().port());
  Json body = chat("Hello", 200);
  std::thread asks([&] {
    const Json answer = post("/v1/chat/completions", body);
    EXPECT_EQ(answer["usage"]["completion_tokens"], 200);
  });
  ASSERT_TRUE(soon([&] { return server().core().slots.running() == 1; }));
  server().stop(60s);
  asks.join();
  EXPECT_FALSE(client().Get("/health"));
}

TEST_F(LimitsTest, StoppingEndsWhatTakesTooLong) {
  Options options = tiny_options();
  options.context.method = "streaming";
  start(options);
  std::thread asks([&] {
    const Json error = post("/v1/chat/completions", chat("Hello", 100000), 503);
    EXPECT_EQ(error["error"]["type"], "overloaded_error");
  });
  ASSERT_TRUE(soon([&] { return server().core().slots.running() == 1; }));
  const auto from = Clock::now();
  server().stop(100ms);
  EXPECT_LT(Clock::now() - from, 2s);
  asks.join();
}

}  // namespace
}  // namespace focusllm::server::test

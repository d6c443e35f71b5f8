// A client that leaves takes its work along.
#include <thread>

#include "client.h"

namespace focusllm::server::test {
namespace {

using namespace std::chrono_literals;

class Leaving : public ServerTest {
 protected:
  void SetUp() override {
    Options options = tiny_options();
    options.context.method = "streaming";  // which reads and answers without end
    start(options);
  }
  static std::string request(const Json& body) {
    const std::string text = body.dump();
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
           std::to_string(text.size()) + "\r\n\r\n" + text;
  }
  void expect_stops(Json body, bool stream, bool answering) {
    body["stream"] = stream;
    const double before = metric("focusllm_clients_left_total");
    RawClient client(server().port());
    client.send(request(body));
    ASSERT_TRUE(soon([&] { return server().core().slots.running() == 1; }));
    if (answering && stream) {
      EXPECT_NE(client.receive(300ms).find("data: "), std::string::npos);
    }
    std::this_thread::sleep_for(50ms);
    ASSERT_EQ(server().core().slots.running(), 1);
    client.close();
    // The slot is given back when the session's call has returned, which is when the engine has dropped its
    // job.
    EXPECT_TRUE(soon([&] { return server().core().slots.running() == 0; }));
    EXPECT_EQ(metric("focusllm_clients_left_total"), before + 1);
  }
};

TEST_F(Leaving, WhileAnAnswerComesStopsIt) {
  for (const bool stream : {true, false}) expect_stops(chat("Hello", 100000), stream, true);
}

TEST_F(Leaving, WhileThePromptIsReadStopsIt) {
  for (const bool stream : {true, false}) expect_stops(chat(words(40000) + "\n\nWhy?", 1), stream, false);
}

TEST_F(Leaving, WhileWaitingGivesThePlaceBack) {
  Options options = tiny_options();
  options.context.method = "streaming";
  options.limits.running = 1;
  start(options);
  RawClient runs(server().port()), waits(server().port());
  runs.send(request(chat("Hello", 100000)));
  ASSERT_TRUE(soon([&] { return server().core().slots.running() == 1; }));
  waits.send(request(chat("Hello", 100000)));
  ASSERT_TRUE(soon([&] { return server().core().slots.waiting() == 1; }));
  waits.close();
  EXPECT_TRUE(soon([&] { return server().core().slots.waiting() == 0; }));
  EXPECT_EQ(server().core().slots.running(), 1);
  runs.close();
  EXPECT_TRUE(soon([&] { return server().core().slots.running() == 0; }));
}

TEST_F(Leaving, OthersAnswersStayAsTheyAre) {
  const std::string alone = content(post("/v1/chat/completions", chat("Who?", 100)));
  std::string beside;
  RawClient leaves(server().port());
  leaves.send(request(chat("Hello", 100000)));
  ASSERT_TRUE(soon([&] { return server().core().slots.running() == 1; }));
  std::thread asks([&] { beside = content(post("/v1/chat/completions", chat("Who?", 100))); });
  leaves.close();
  asks.join();
  EXPECT_EQ(beside, alone);
}

}  // namespace
}  // namespace focusllm::server::test

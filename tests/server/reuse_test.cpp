// What was read is gone on from, with the same answers.
#include "client.h"

namespace focusllm::server::test {
namespace {

class Reuse : public ServerTest {
 protected:
  static int cached(const Json& answer) { return answer["usage"]["prompt_tokens_details"]["cached_tokens"]; }
  static Json without_ids(Json answer) { return answer["choices"]; }
  static Json logprobs(Json body) {
    body["logprobs"] = true;
    return body;
  }
  Json ask(const Json& body) { return post("/v1/chat/completions", body); }
  /// A server that has read nothing.
  void start_anew(const std::string& method) {
    Options options = tiny_options();
    options.context.method = method;
    if (method != "full" && method != "auto") options.context.local = 128;
    if (method == "infllm") options.context.block = 16;
    start(options);
  }
};

const std::string kText = words(200) + "\n\n";

TEST_F(Reuse, AnotherQuestionAboutATextReadsOnlyItself) {
  for (const std::string method : {"auto", "full", "streaming", "infllm", "recall", "dca"}) {
    start_anew(method);
    const Json question = logprobs(chat(kText + "Who is it?", 10));
    const Json fresh = ask(question);
    EXPECT_EQ(cached(fresh), 0) << method;
    start_anew(method);
    EXPECT_EQ(cached(ask(chat(kText + "What is it?", 10))), 0) << method;
    const Json reused = ask(question);
    EXPECT_GT(cached(reused), 900) << method;
    EXPECT_EQ(without_ids(reused), without_ids(fresh)) << method;
    EXPECT_EQ(reused["usage"]["prompt_tokens"], fresh["usage"]["prompt_tokens"]) << method;
  }
}

TEST_F(Reuse, AConversationGoesOnAsASessionWould) {
  start_anew("auto");
  Json body = chat(kText + "Who is it?", 10);
  const std::string first = content(ask(body));
  body["messages"].push_back({{"role", "assistant"}, {"content", first}});
  body["messages"].push_back({{"role", "user"}, {"content", "And why?"}});
  const Json next = ask(body);
  const int prompt = next["usage"]["prompt_tokens"];
  EXPECT_GT(cached(next), prompt - 60);

  Session::Options options;
  options.as_written = true;
  Session session(tiny_engine(), options);
  AskOptions ask_options;
  ask_options.max_tokens = 10;
  session.expect(1800, 10);
  session.read(kText);
  EXPECT_EQ(session.ask("Who is it?", ask_options).text, first);
  EXPECT_EQ(session.ask("And why?", ask_options).text, content(next));
}

TEST_F(Reuse, AHistoryThatNobodyReadHereIsReadWhole) {
  start_anew("auto");
  Json body = chat("Who?", 6);
  body["messages"].push_back({{"role", "assistant"}, {"content", "Somebody else said this."}});
  body["messages"].push_back({{"role", "user"}, {"content", "And why?"}});
  const Json answer = ask(body);
  EXPECT_EQ(cached(answer), 0);
  EXPECT_EQ(answer["usage"]["prompt_tokens"],
            post("/v1/chat/completions/input_tokens", body)["input_tokens"]);
  EXPECT_GT(cached(ask(body)), -1);
}

TEST_F(Reuse, AnAnswerThatWasCutByAStopWordIsNotGoneOnFrom) {
  start_anew("auto");
  Json body = chat("Hello there, who are you?", 12);
  const std::string whole = content(ask(body));
  start_anew("auto");
  body["stop"] = whole.substr(4, 2);
  const std::string cut = content(ask(body));
  EXPECT_EQ(server().core().pool.count(), 0);
  body["messages"].push_back({{"role", "assistant"}, {"content", cut}});
  body["messages"].push_back({{"role", "user"}, {"content", "Go on."}});
  EXPECT_EQ(cached(ask(body)), 0);
}

TEST_F(Reuse, SmallRequestsDoNotPushALongTextOut) {
  Options options = tiny_options();
  options.kept_bytes = 3 << 20;
  start(options);
  ask(chat(kText + "Who is it?", 4));
  for (int i = 0; i < 60; ++i) ask(chat("Give this a title: " + std::to_string(i), 4));
  EXPECT_GT(cached(ask(chat(kText + "Why is it?", 4))), 900);
  EXPECT_LE(server().core().pool.bytes(), 3 << 20);
}

TEST_F(Reuse, NothingIsKeptWithoutMemoryForIt) {
  Options options = tiny_options();
  options.kept_bytes = 0;
  start(options);
  ask(chat(kText + "Who is it?", 4));
  EXPECT_EQ(cached(ask(chat(kText + "Why is it?", 4))), 0);
  EXPECT_EQ(server().core().pool.count(), 0);
}

TEST_F(Reuse, ALongTextIsReadOnce) {
  start_anew("auto");
  const std::string text = words(600) + "\n\n";  // twice the trained context
  const Json first = ask(chat(text + "Which word?", 4));
  const Json second = ask(chat(text + "Which number?", 4));
  EXPECT_GT(cached(second), first["usage"]["prompt_tokens"].get<int>() * 3 / 4);
}

}  // namespace
}  // namespace focusllm::server::test

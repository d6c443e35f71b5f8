#include "documents.h"

namespace focusllm::server::test {
namespace {

TEST_F(DocumentTest, IsReadKeptAndAsked) {
  start(with_store());
  const std::string text = words(700);
  const Json first = post("/v1/documents", {{"name", "book"}, {"text", text}}, 202);
  EXPECT_EQ(first["object"], "document");
  EXPECT_EQ(first["id"], "book");
  const Json ready = wait_for("book", "ready");
  EXPECT_EQ(ready["method"], "recall");
  EXPECT_GT(ready["tokens"], 700);
  EXPECT_TRUE(ready["error"].is_null());

  const Json answer = post("/v1/chat/completions", about("book", "What is it?"));
  EXPECT_GT(answer["usage"]["prompt_tokens"], ready["tokens"]);
  EXPECT_GE(answer["usage"]["prompt_tokens_details"]["cached_tokens"], ready["tokens"]);
  const Json& citations = answer["choices"][0]["message"]["citations"];
  ASSERT_FALSE(citations.empty());
  for (const Json& place : citations) {
    EXPECT_EQ(place["document"], "book");
    const std::string quote = place["quote"];
    EXPECT_FALSE(quote.empty());
    EXPECT_EQ(text.substr(place["first_byte"], place["bytes"]), quote) << place;
    EXPECT_EQ(place["first_line"], 1);
  }

  OpenedTexts opened =
      open_texts(*with_store().store, tiny_engine(), {"book"}, session_options(with_store()), 8);
  AskOptions ask;
  ask.max_tokens = 8;
  EXPECT_EQ(content(answer), opened.session.ask("What is it?", ask).text);
}

TEST_F(DocumentTest, GoesOnInAConversation) {
  start(with_store());
  kept("book", words(700));
  Json body = about("book", "What is it?");
  const Json first = post("/v1/chat/completions", body);
  body["messages"].push_back({{"role", "assistant"}, {"content", content(first)}});
  body["messages"].push_back({{"role", "user"}, {"content", "And then?"}});
  const Json second = post("/v1/chat/completions", body);
  EXPECT_GE(second["usage"]["prompt_tokens_details"]["cached_tokens"], first["usage"]["prompt_tokens"]);
}

TEST_F(DocumentTest, AreAskedTogether) {
  start(with_store());
  kept("first", words(400));
  kept("second", words(500));
  Json body = about("first", "What is it?");
  body["documents"] = {"first", "second"};
  const Json answer = post("/v1/chat/completions", body);
  EXPECT_GT(answer["usage"]["prompt_tokens"], 900);
  for (const Json& place : answer["choices"][0]["message"]["citations"])
    EXPECT_TRUE(place["document"] == "first" || place["document"] == "second") << place;
}

TEST_F(DocumentTest, IsThereAfterARestart) {
  start(with_store());
  kept("book", words(700));
  const std::string answer = content(post("/v1/chat/completions", about("book", "What is it?")));
  restart(with_store());
  EXPECT_EQ(get("/v1/documents")["data"].size(), 1U);
  EXPECT_EQ(content(post("/v1/chat/completions", about("book", "What is it?"))), answer);
}

TEST_F(DocumentTest, GoesOnAfterAnInterruptedReading) {
  start(with_store());
  post("/v1/documents", {{"name", "long"}, {"text", words(30000)}}, 202);
  while (get("/v1/documents/long")["tokens_read"] < 3000)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  restart(with_store());
  const Json ready = wait_for("long", "ready");
  EXPECT_GE(ready["tokens"], 30000);
}

TEST_F(DocumentTest, IsReplacedAndRemoved) {
  start(with_store());
  kept("book", words(300));
  const Json longer = kept("book", words(600));
  EXPECT_GT(longer["tokens"], 600);
  const auto removed = client().Delete("/v1/documents/book");
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->status, 200);
  get("/v1/documents/book", 404);
  EXPECT_EQ(get("/v1/documents")["data"].size(), 0U);
  post("/v1/chat/completions", about("book", "What?"), 404);
}

TEST_F(DocumentTest, IsNotAskedBeforeItIsRead) {
  start(with_store());
  post("/v1/documents", {{"name", "long"}, {"text", words(30000)}}, 202);
  const Json error = post("/v1/chat/completions", about("long", "What?"), 409)["error"];
  EXPECT_NE(error["message"].get<std::string>().find("is not read yet"), std::string::npos);
  post("/v1/documents", {{"name", "long"}, {"text", "Other."}}, 409);
  client().Delete("/v1/documents/long");
  EXPECT_TRUE(soon([&] { return get("/v1/documents")["data"].empty(); }));
}

TEST_F(DocumentTest, ComesAsAStream) {
  start(with_store());
  const auto events = stream("/v1/documents", {{"name", "book"}, {"text", words(3000)}});
  ASSERT_GE(events.size(), 2U);
  EXPECT_NE(events.front().data["status"], "ready");
  EXPECT_EQ(events.back().data["status"], "ready");
}

TEST_F(DocumentTest, RefusesWhatIsWrong) {
  start(with_store());
  for (const Json& body : {Json{{"text", "A text."}}, Json{{"name", "a/b"}, {"text", "A text."}},
                           Json{{"name", ".."}, {"text", "A text."}}, Json{{"name", "a"}},
                           Json{{"name", "a"}, {"text", "  "}}, Json{{"name", "a"}, {"text", 7}}})
    post("/v1/documents", body, 400);
  get("/v1/documents/..%2f..%2fetc", 404);
  post("/v1/chat/completions", about("nothing", "What?"), 404);
  Json two = chat("What?");
  two["documents"] = {"a", 7};
  post("/v1/chat/completions", two, 400);
}

TEST_F(DocumentTest, WithoutAStoreThereAreNone) {
  start(tiny_options());
  post("/v1/documents", {{"name", "a"}, {"text", "A text."}}, 400);
  post("/v1/chat/completions", about("a", "What?"), 400);
}

TEST_F(DocumentTest, IsItsOwnersAlone) {
  auto [one, two] = two_owners();
  const Json body = {{"name", "book"}, {"text", words(300)}};
  ASSERT_EQ(one.Post("/v1/documents", body.dump(), "application/json")->status, 202);
  EXPECT_EQ(two.Get("/v1/documents/book")->status, 404);
  EXPECT_TRUE(Json::parse(two.Get("/v1/documents")->body)["data"].empty());
  const Json own = Json::parse(one.Get("/v1/documents")->body)["data"];
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0]["name"], "book");
  EXPECT_EQ(two.Post("/v1/chat/completions", about("book", "What?").dump(), "application/json")->status, 404);
  EXPECT_EQ(two.Delete("/v1/documents/book")->status, 404);
}

}  // namespace
}  // namespace focusllm::server::test

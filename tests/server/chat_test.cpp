#include <set>

#include "client.h"

namespace focusllm::server::test {
namespace {

using Chat = ServerTest;

TEST_F(Chat, AnswersWholeAndAsAStream) {
  const Json whole = post("/v1/chat/completions", chat("Hello", 12));
  EXPECT_EQ(whole["object"], "chat.completion");
  EXPECT_EQ(whole["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(whole["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(whole["usage"]["completion_tokens"], 12);
  EXPECT_EQ(whole["timings"]["predicted_n"], 12);
  EXPECT_EQ(content(whole).size(), 12U);

  Json body = chat("Hello", 12);
  body["stream_options"] = {{"include_usage", true}};
  const auto events = stream("/v1/chat/completions", body);
  ASSERT_GT(events.size(), 4U);
  std::string text;
  for (const Sent& sent : events) {
    if (sent.data.is_null() || sent.data["choices"].empty()) continue;
    EXPECT_EQ(sent.data["object"], "chat.completion.chunk");
    text += sent.data["choices"][0]["delta"].value("content", "");
  }
  EXPECT_EQ(text, content(whole));
  EXPECT_EQ(events.front().data["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(events[events.size() - 3].data["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(events[events.size() - 2].data["usage"]["completion_tokens"], 12);
  EXPECT_TRUE(events.back().data.is_null());  // [DONE]
}

TEST_F(Chat, AnswersAsASessionDoes) {
  Session::Options options;
  options.as_written = true;
  Session session(tiny_engine(), options);
  AskOptions ask;
  ask.max_tokens = 20;
  EXPECT_EQ(content(post("/v1/chat/completions", chat("Who are you?", 20))),
            session.ask("Who are you?", ask).text);
}

TEST_F(Chat, TakesRolesAndParts) {
  const Json messages = {
      {{"role", "developer"}, {"content", "Be kind."}},
      {{"role", "user"},
       {"content", {{{"type", "text"}, {"text", "A text."}}, {{"type", "text"}, {"text", "Why?"}}}}},
      {{"role", "assistant"}, {"content", "So."}, {"tool_calls", Json::array()}},
      {{"role", "user"}, {"content", "And?"}, {"name", "x"}}};
  EXPECT_EQ(
      post("/apply-template", {{"messages", messages}})["prompt"],
      "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nA text.\n\nWhy?<|im_end|>\n"
      "<|im_start|>assistant\nSo.<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(
      post("/v1/chat/completions", {{"messages", messages}, {"max_tokens", 3}})["usage"]["completion_tokens"],
      3);
}

TEST_F(Chat, StopWordsEndAnAnswer) {
  const std::string whole = content(post("/v1/chat/completions", chat("Hello", 16)));
  Json body = chat("Hello", 16);
  body["stop"] = whole.substr(5, 3);
  const Json cut = post("/v1/chat/completions", body);
  EXPECT_EQ(content(cut), whole.substr(0, whole.find(whole.substr(5, 3))));
  EXPECT_EQ(cut["choices"][0]["finish_reason"], "stop");
  std::string streamed;
  for (const Sent& sent : stream("/v1/chat/completions", body))
    if (!sent.data.is_null()) streamed += sent.data["choices"][0]["delta"].value("content", "");
  EXPECT_EQ(streamed, content(cut));
}

TEST_F(Chat, SeveralAnswersAreDrawnBesideEachOther) {
  Json body = chat("Hello", 10);
  body["n"] = 3;
  body["temperature"] = 1;
  body["seed"] = 5;
  const Json first = post("/v1/chat/completions", body), again = post("/v1/chat/completions", body);
  ASSERT_EQ(first["choices"].size(), 3U);
  EXPECT_EQ(first["choices"], again["choices"]);
  EXPECT_NE(first["choices"][0]["message"], first["choices"][1]["message"]);
  EXPECT_EQ(first["usage"]["completion_tokens"], 30);
  body["seed"] = 6;
  EXPECT_EQ(content(post("/v1/chat/completions", body)), first["choices"][1]["message"]["content"]);
}

TEST_F(Chat, LogProbabilitiesAreTold) {
  Json body = chat("Hello", 4);
  body["logprobs"] = true;
  body["top_logprobs"] = 3;
  const Json tokens = post("/v1/chat/completions", body)["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(tokens.size(), 4U);
  for (const Json& token : tokens) {
    EXPECT_EQ(token["top_logprobs"].size(), 3U);
    EXPECT_EQ(token["top_logprobs"][0]["logprob"], token["logprob"]);  // greedy
    EXPECT_LT(token["logprob"], 0);
  }
  int told = 0;
  for (const Sent& sent : stream("/v1/chat/completions", body))
    if (!sent.data.is_null() && sent.data["choices"][0]["logprobs"].is_object()) ++told;
  EXPECT_EQ(told, 4);
}

TEST_F(Chat, PenaltiesChangeAnAnswer) {
  const auto repeats = [](const std::string& text) {
    return text.size() - std::set<char>(text.begin(), text.end()).size();
  };
  const std::string plain = content(post("/v1/chat/completions", chat("Hello", 60)));
  Json body = chat("Hello", 60);
  body["frequency_penalty"] = 2;
  body["presence_penalty"] = 2;
  EXPECT_LT(repeats(content(post("/v1/chat/completions", body))), repeats(plain));
}

TEST_F(Chat, ProgressIsTold) {
  Json body = chat(words(150) + "\n\nWhy?", 2);
  body["return_progress"] = true;
  std::int64_t last = -1, total = 0;
  for (const Sent& sent : stream("/v1/chat/completions", body)) {
    if (sent.data.is_null() || !sent.data.contains("prompt_progress")) continue;
    const Json& progress = sent.data["prompt_progress"];
    EXPECT_GE(progress["processed"], last);
    last = progress["processed"];
    total = progress["total"];
  }
  EXPECT_EQ(total, post("/v1/chat/completions/input_tokens", body)["input_tokens"]);
  EXPECT_EQ(last, total);
}

TEST_F(Chat, PingsFillSilence) {
  Options options = tiny_options();
  options.ping = std::chrono::seconds(0);
  start(options);
  Json body = chat("Hello", 8);
  body["stream"] = true;
  const auto got = client().Post("/v1/chat/completions", body.dump(), "application/json");
  ASSERT_TRUE(got);
  EXPECT_NE(got->body.find(": ping\n\n"), std::string::npos);
  EXPECT_TRUE(got->body.ends_with("data: [DONE]\n\n"));
}

TEST_F(Chat, ATextBeyondTheTrainedContextIsReadWithALongMethodOrRefused) {
  const Json body = chat(words(600) + "\n\nWhich word is it?", 4);
  const Json answer = post("/v1/chat/completions", body);
  EXPECT_GT(answer["usage"]["prompt_tokens"], 4000);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 4);
  Options options = tiny_options();
  options.context.method = "full";
  start(options);
  const Json error = post("/v1/chat/completions", body, 400)["error"];
  EXPECT_EQ(error["type"], "exceed_context_size_error");
  EXPECT_EQ(error["code"], "context_length_exceeded");
  EXPECT_EQ(error["n_prompt_tokens"], post("/v1/chat/completions/input_tokens", body)["input_tokens"]);
  EXPECT_EQ(error["n_ctx"], 2048);
}

TEST_F(Chat, AnAnswerFillsTheContextAndNoMore) {
  Json body = chat(words(180) + "Why?", 5000);
  const Json answer = post("/v1/chat/completions", body);
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_LE(answer["usage"]["total_tokens"], 2048);
  EXPECT_GT(answer["usage"]["total_tokens"], 1900);
}

}  // namespace
}  // namespace focusllm::server::test

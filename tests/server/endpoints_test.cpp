#include "client.h"

namespace focusllm::server::test {
namespace {

using Endpoints = ServerTest;

TEST_F(Endpoints, SayWhatIsServed) {
  EXPECT_EQ(get("/health")["status"], "ok");
  for (const char* path : {"/v1/models", "/models"}) {
    const Json models = get(path);
    EXPECT_EQ(models["object"], "list");
    EXPECT_EQ(models["data"][0]["id"], tiny_engine()->name());
    EXPECT_EQ(models["data"][0]["meta"]["n_ctx_train"], 2048);
  }
  const Json props = get("/props");
  EXPECT_EQ(props["default_generation_settings"]["n_ctx"], 2048);
  EXPECT_EQ(props["total_slots"], 16);
  EXPECT_EQ(props["max_body"], 64 << 20);
  EXPECT_EQ(props["chat_template_family"], "chatml");
}

TEST_F(Endpoints, CountTokensAsASessionDoes) {
  const Json body = {{"messages", {{{"role", "user"}, {"content", "Hello"}}}}};
  const std::string prompt = post("/apply-template", body)["prompt"];
  EXPECT_EQ(prompt, "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
  const Json tokens = post("/tokenize", {{"content", prompt}})["tokens"];
  const Json counted = post("/v1/chat/completions/input_tokens", body);
  EXPECT_EQ(counted["input_tokens"], tokens.size());
  EXPECT_EQ(post("/v1/messages/count_tokens", body)["input_tokens"], tokens.size());
  EXPECT_EQ(post("/v1/chat/completions", chat("Hello"))["usage"]["prompt_tokens"], tokens.size());
  EXPECT_EQ(post("/detokenize", {{"tokens", tokens}})["content"], prompt);
}

TEST_F(Endpoints, TokenizeWithPieces) {
  const Json pieces = post("/tokenize", {{"content", "a\xc3\xa9"}, {"with_pieces", true}})["tokens"];
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0]["piece"], "a");
  EXPECT_EQ(pieces[1]["piece"], Json::array({0xc3}));  // no character by itself
  EXPECT_EQ(post("/tokenize", {{"content", "<|im_end|>"}})["tokens"].size(), 1U);
  EXPECT_EQ(post("/tokenize", {{"content", "<|im_end|>"}, {"parse_special", false}})["tokens"].size(), 10U);
}

TEST_F(Endpoints, MetricsCount) {
  post("/v1/chat/completions", chat("Hello", 5));
  Json body = chat("Hello", 5);
  body["never_heard_of"] = 1;
  post("/v1/chat/completions", body);
  EXPECT_EQ(metric("focusllm_answer_tokens_total"), 10);
  EXPECT_EQ(metric("focusllm_unknown_fields_total{path=\"/v1/chat/completions\"}"), 1);
  EXPECT_EQ(metric("focusllm_requests_total{path=\"/v1/chat/completions\",status=\"200\"}"), 2);
  EXPECT_EQ(metric("focusllm_requests_running"), 0);
  EXPECT_EQ(metric("focusllm_clients_left_total"), 0);
}

TEST_F(Endpoints, WhatIsNotThereIsSaid) {
  EXPECT_EQ(get("/nowhere", 404)["error"]["type"], "not_found_error");
  EXPECT_EQ(post("/nowhere", Json::object(), 404)["error"]["type"], "not_found_error");
  EXPECT_EQ(get("/v1/chat/completions", 404)["error"]["type"], "not_found_error");
}

TEST_F(Endpoints, CompletionsContinueTexts) {
  const Json answer = post("/v1/completions", {{"prompt", "Once upon"}, {"max_tokens", 6}, {"logprobs", 2}});
  EXPECT_EQ(answer["object"], "text_completion");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(answer["choices"][0]["logprobs"]["tokens"].size(), 6U);
  EXPECT_EQ(answer["choices"][0]["logprobs"]["top_logprobs"][0].size(), 2U);
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 9);
  const Json tokens = post("/tokenize", {{"content", "Once upon"}})["tokens"];
  const Json both = post("/v1/completions", {{"prompt", {tokens, "Once upon"}}, {"max_tokens", 6}, {"n", 2}});
  ASSERT_EQ(both["choices"].size(), 4U);
  for (const Json& choice : both["choices"]) EXPECT_EQ(choice["text"], answer["choices"][0]["text"]);
  EXPECT_EQ(both["usage"]["completion_tokens"], 24);
  std::string streamed;
  for (const Sent& sent : stream("/v1/completions", {{"prompt", "Once upon"}, {"max_tokens", 6}}))
    if (!sent.data.is_null()) streamed += sent.data["choices"][0]["text"];
  EXPECT_EQ(streamed, answer["choices"][0]["text"]);
}

TEST_F(Endpoints, CompletionsGoOnFromTokensThatWereRead) {
  const Json first = post("/v1/completions", {{"prompt", words(10)}, {"max_tokens", 6}});
  const std::string more = words(10) + first["choices"][0]["text"].get<std::string>() + " more";
  EXPECT_GT(post("/v1/completions",
                 {{"prompt", more}, {"max_tokens", 1}})["usage"]["prompt_tokens_details"]["cached_tokens"],
            50);
}

}  // namespace
}  // namespace focusllm::server::test

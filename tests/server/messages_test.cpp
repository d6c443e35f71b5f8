// Anthropic's messages and OpenAI's responses.
#include "client.h"

namespace focusllm::server::test {
namespace {

using OtherApis = ServerTest;

TEST_F(OtherApis, MessagesWholeAndAsAStream) {
  const Json body = {{"system", "Be kind."},
                     {"messages", {{{"role", "user"}, {"content", {{{"type", "text"}, {"text", "Hello"}}}}}}},
                     {"max_tokens", 6}};
  const Json whole = post("/v1/messages", body);
  EXPECT_EQ(whole["type"], "message");
  EXPECT_EQ(whole["stop_reason"], "max_tokens");
  EXPECT_EQ(whole["usage"]["output_tokens"], 6);
  const auto events = stream("/v1/messages", body);
  std::vector<std::string> types;
  std::string text;
  for (const Sent& sent : events) {
    EXPECT_EQ(sent.data["type"], sent.type);
    if (types.empty() || types.back() != sent.type) types.push_back(sent.type);
    if (sent.type == "content_block_delta") text += sent.data["delta"]["text"];
  }
  EXPECT_EQ(types, (std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                             "content_block_stop", "message_delta", "message_stop"}));
  EXPECT_EQ(text, whole["content"][0]["text"]);
  Json stopped = body;
  stopped["stop_sequences"] = {text.substr(2, 2)};
  const Json cut = post("/v1/messages", stopped);
  EXPECT_EQ(cut["stop_reason"], "stop_sequence");
  EXPECT_EQ(cut["stop_sequence"], text.substr(2, 2));
}

TEST_F(OtherApis, MessagesHaveErrorsOfTheirOwn) {
  const Json error = post("/v1/messages", {{"messages", {{{"role", "user"}, {"content", "Hello"}}}}}, 400);
  EXPECT_EQ(error["type"], "error");
  EXPECT_EQ(error["error"]["type"], "invalid_request_error");
  EXPECT_NE(error["error"]["message"].get<std::string>().find("max_tokens"), std::string::npos);
}

TEST_F(OtherApis, ResponsesWholeAndAsAStream) {
  const Json body = {{"instructions", "Be kind."}, {"input", "Hello"}, {"max_output_tokens", 6}};
  const Json whole = post("/v1/responses", body);
  EXPECT_EQ(whole["status"], "incomplete");
  EXPECT_EQ(whole["usage"]["output_tokens"], 6);
  const std::string text = whole["output"][0]["content"][0]["text"];
  std::string streamed;
  std::int64_t number = 0;
  const auto events = stream("/v1/responses", body);
  for (const Sent& sent : events) {
    EXPECT_EQ(sent.data["sequence_number"], number++);
    if (sent.type == "response.output_text.delta") streamed += sent.data["delta"];
  }
  EXPECT_EQ(streamed, text);
  EXPECT_EQ(events.front().type, "response.created");
  EXPECT_EQ(events.back().type, "response.incomplete");
  EXPECT_EQ(events.back().data["response"]["output"][0]["content"][0]["text"], text);
  const Json items = {{{"type", "message"}, {"role", "developer"}, {"content", "Be kind."}},
                      {{"role", "user"}, {"content", {{{"type", "input_text"}, {"text", "Hello"}}}}}};
  EXPECT_EQ(
      post("/v1/responses", {{"input", items}, {"max_output_tokens", 6}})["output"][0]["content"][0]["text"],
      text);
  EXPECT_EQ(
      post("/v1/responses", {{"input", "x"}, {"previous_response_id", "resp_1"}}, 400)["error"]["param"],
      "previous_response_id");
}

}  // namespace
}  // namespace focusllm::server::test

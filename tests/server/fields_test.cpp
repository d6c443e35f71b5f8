#include "server/fields.h"

#include <fstream>
#include <iterator>
#include <set>

#include "client.h"

namespace focusllm::server::test {
namespace {

using Fields = ServerTest;

TEST(FieldLists, AreThoseOfTheDocumentation) {
  std::ifstream file(FOCUSLLM_SOURCE_DIR "/docs/server.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(page.find(fields_markdown()), std::string::npos)
      << "docs/server.md has other lists: focusllm serve --list-fields prints them";
}

TEST(FieldLists, NameEachFieldOnce) {
  for (const Endpoint& each : endpoints()) {
    std::set<std::string_view> names;
    for (const Field& field : each.fields) {
      EXPECT_TRUE(names.insert(field.name).second) << each.path << " " << field.name;
      EXPECT_TRUE(field.use == Field::Use::used || !field.why.empty()) << each.path << " " << field.name;
    }
  }
}

TEST_F(Fields, OnesWithoutEffectNeverFailAClient) {
  Json body = chat("Hello", 4);
  const std::string plain = content(post("/v1/chat/completions", body));
  body.update({{"tools", Json::array()},
               {"tool_choice", "none"},
               {"response_format", {{"type", "text"}}},
               {"user", "me"},
               {"metadata", {{"a", "b"}}},
               {"store", true},
               {"cache_prompt", false},
               {"logit_bias", Json::object()},
               {"parallel_tool_calls", true},
               {"model", "another"},
               {"seed", nullptr},
               {"stop", nullptr},
               {"functions", nullptr},
               {"something_new", {{"deep", 1}}}});
  EXPECT_EQ(content(post("/v1/chat/completions", body)), plain);
}

TEST_F(Fields, EachThatIsUsedIsChecked) {
  // Of every used field, a value of a type that it never has.
  for (const Endpoint& each : endpoints()) {
    if (each.path == "/v1/files") continue;  // takes no JSON
    for (const Field& field : each.fields) {
      Json body = chat("Hello", 4);
      body.update({{"input", "x"}, {"prompt", "x"}, {"content", "x"}, {"tokens", {70}}, {"logprobs", true}});
      if (each.path == "/v1/completions") body.erase("logprobs");
      body[std::string(field.name)] = {{"no", {"such", "value"}}};
      if (field.use == Field::Use::used && field.name != "stream_options")
        post(std::string(each.path), body, 400);
    }
  }
}

TEST_F(Fields, RefusedOnesSayWhy) {
  const std::vector<std::pair<std::string, Json>> refused = {{"tools", {{{"type", "function"}}}},
                                                             {"response_format", {{"type", "json_schema"}}},
                                                             {"response_format", {{"type", "json_object"}}},
                                                             {"logit_bias", {{"1", 2}}},
                                                             {"functions", {{{"name", "f"}}}},
                                                             {"grammar", "root ::= x"},
                                                             {"modalities", {"text", "audio"}}};
  for (const auto& [name, value] : refused) {
    Json body = chat("Hello", 4);
    body[name] = value;
    const Json error = post("/v1/chat/completions", body, 400)["error"];
    EXPECT_EQ(error["param"], name);
    EXPECT_EQ(error["code"], "unsupported_parameter");
  }
  const Json image = {
      {"messages",
       {{{"role", "user"}, {"content", {{{"type", "image_url"}, {"image_url", {{"url", "x"}}}}}}}}}};
  EXPECT_EQ(post("/v1/chat/completions", image, 400)["error"]["param"], "messages[0].content[0].type");
  const Json tool = {{"messages", {{{"role", "tool"}, {"content", "x"}}}}};
  EXPECT_EQ(post("/v1/chat/completions", tool, 400)["error"]["param"], "messages[0].role");
}

TEST_F(Fields, BoundsAreKept) {
  const std::vector<std::pair<std::string, Json>> wrong = {{"temperature", -1},
                                                           {"temperature", "hot"},
                                                           {"top_p", 1.5},
                                                           {"n", 0},
                                                           {"n", 9},
                                                           {"n", 1.5},
                                                           {"top_logprobs", 21},
                                                           {"top_logprobs", 2},
                                                           {"max_tokens", 0},
                                                           {"max_tokens", -1},
                                                           {"max_tokens", 1 << 30},
                                                           {"presence_penalty", 3},
                                                           {"seed", 1e30},
                                                           {"stop", std::vector<std::string>(17, "x")},
                                                           {"stop", std::string(600, 'x')},
                                                           {"stop", {1}},
                                                           {"stream", "yes"},
                                                           {"messages", Json::array()},
                                                           {"messages", "x"},
                                                           {"messages", {1}},
                                                           {"messages", {{{"role", "user"}}}},
                                                           {"messages", {{{"content", "x"}}}},
                                                           {"stream_options", 1}};
  for (const auto& [name, value] : wrong) {
    Json body = chat("Hello", 4);
    body[name] = value;
    const Json error = post("/v1/chat/completions", body, 400)["error"];
    EXPECT_TRUE(error["param"].get<std::string>().starts_with(name)) << name << " " << value << " " << error;
  }
}

}  // namespace
}  // namespace focusllm::server::test

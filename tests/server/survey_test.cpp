#include "focusllm/survey.h"

#include <sstream>

#include "documents.h"

namespace focusllm::server::test {
namespace {

class SurveyTest : public DocumentTest {
 protected:
  static constexpr const char* kPath = "/v1/documents/book/survey";
  static Json question() { return {{"prompt", "What is said?"}, {"part_tokens", 64}, {"max_tokens", 6}}; }
  std::vector<Json> lines(const Json& body) {
    const auto got = client().Post(kPath, body.dump(), "application/json");
    std::vector<Json> lines;
    if (!got) return lines;
    EXPECT_EQ(got->get_header_value("Content-Type"), "application/x-ndjson");
    std::istringstream text(got->body);
    for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
    return lines;
  }
};

TEST_F(SurveyTest, AsksEachPart) {
  start(with_store());
  const std::string text = words(400);
  kept("book", text);
  const Json all = post(kPath, question());
  EXPECT_EQ(all["object"], "survey");
  EXPECT_EQ(all["document"], "book");
  EXPECT_TRUE(all["merged"].is_null());
  ASSERT_GT(all["results"].size(), 3U);
  EXPECT_EQ(all["parts"], all["results"].size());

  SurveyOptions options;
  options.part_tokens = 64;
  options.ask.max_tokens = 6;
  options.ask.sampling.temperature = 0;
  const auto alone = survey(tiny_engine(), {{"book", text}}, "What is said?", options);
  ASSERT_EQ(alone.size(), all["results"].size());
  std::int64_t answered = 0;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    const Json& one = all["results"][i];
    EXPECT_EQ(one["part"], i);
    EXPECT_EQ(one["answer"], alone[i].answer.text);
    EXPECT_EQ(one["first_byte"], alone[i].part.first_byte);
    EXPECT_EQ(one["bytes"], alone[i].part.bytes);
    answered += alone[i].answer.timings.generated_tokens;
  }
  EXPECT_EQ(all["usage"]["completion_tokens"], answered);
}

TEST_F(SurveyTest, ComesAsLines) {
  start(with_store());
  kept("book", words(300));
  Json body = question();
  body["merge"] = "And together?";
  const Json whole = post(kPath, body);
  body["stream"] = true;
  const std::vector<Json> got = lines(body);
  ASSERT_EQ(got.size(), whole["results"].size() + 2);
  for (std::size_t i = 0; i + 2 < got.size(); ++i) EXPECT_EQ(got[i], whole["results"][i]);
  EXPECT_EQ(got[got.size() - 2], whole["merged"]);
  EXPECT_EQ(got.back()["object"], "survey");
  EXPECT_EQ(got.back()["usage"], whole["usage"]);
}

TEST_F(SurveyTest, StopsWhenTheClientLeaves) {
  start(with_store());
  kept("book", words(3000));
  Json body = question();
  body.update({{"stream", true}, {"max_tokens", 500}, {"ignore_eos", true}});
  int seen = 0;
  httplib::Request request;
  request.method = "POST";
  request.path = kPath;
  request.set_header("Content-Type", "application/json");
  request.body = body.dump();
  request.content_receiver = [&](const char*, std::size_t, std::uint64_t, std::uint64_t) {
    return ++seen < 2;
  };
  client().send(request);
  EXPECT_TRUE(soon([&] { return server().core().slots.running() == 0; }));
  EXPECT_EQ(metric("focusllm_clients_left_total"), 1);
}

TEST_F(SurveyTest, RefusesWhatIsWrong) {
  start(with_store());
  kept("book", words(100));
  post("/v1/documents/none/survey", question(), 404);
  for (const Json& wrong :
       {Json{{"prompt", ""}}, Json{{"prompt", 1}}, Json{{"prompt", "x"}, {"part_tokens", 0}},
        Json{{"prompt", "x"}, {"at_once", 1000}}, Json{{"merge", "x"}}})
    post(kPath, wrong, 400);
  post("/v1/documents", {{"name", "long"}, {"text", words(30000)}}, 202);
  post("/v1/documents/long/survey", question(), 409);
}

}  // namespace
}  // namespace focusllm::server::test

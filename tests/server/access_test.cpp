#include "server/access.h"

#include "base/error.h"
#include "client.h"

namespace focusllm::server::test {
namespace {

class Keys : public ServerTest {
 protected:
  void SetUp() override {
    Options options = tiny_options();
    options.keys = {"first", "second"};
    options.origins = {"https://good.example"};
    start(options);
  }
  int status(const httplib::Headers& headers, const std::string& path = "/v1/models") {
    const auto got = client().Get(path, headers);
    return got ? got->status : 0;
  }
};

TEST_F(Keys, AreNeededForAllButHealth) {
  EXPECT_EQ(status({}, "/health"), 200);
  for (const char* path : {"/v1/models", "/props", "/metrics", "/nowhere"})
    EXPECT_EQ(status({}, path), 401) << path;
  EXPECT_EQ(status({{"Authorization", "Bearer first"}}), 200);
  EXPECT_EQ(status({{"Authorization", "Bearer second"}}), 200);
  EXPECT_EQ(status({{"X-Api-Key", "second"}}), 200);
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "Bearer firs", "Bearer firstfirst", "Bearer First", "first"})
    EXPECT_EQ(status({{"Authorization", wrong}}), 401) << wrong;
  const auto posted = client().Post("/v1/chat/completions", std::string(1 << 20, ' '), "application/json");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 401);
  EXPECT_EQ(Json::parse(posted->body)["error"]["code"], "invalid_api_key");
}

TEST_F(Keys, DoNotShareWhatWasRead) {
  const auto cached = [&](const std::string& key) {
    const std::string body = chat(words(150) + "\n\nWhy?", 1).dump();
    const auto got =
        client().Post("/v1/chat/completions", {{"Authorization", "Bearer " + key}}, body, "application/json");
    return got ? Json::parse(got->body)["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>() : -1;
  };
  EXPECT_EQ(cached("first"), 0);
  EXPECT_GT(cached("first"), 500);
  EXPECT_EQ(cached("second"), 0);
}

TEST_F(Keys, PagesMayAskOnlyWhereTheyAreNamed) {
  const std::pair<std::string, std::string> key = {"Authorization", "Bearer first"};
  EXPECT_EQ(status({key, {"Origin", "https://bad.example"}}), 403);
  const auto good = client().Get("/v1/models", {key, {"Origin", "https://good.example"}});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->get_header_value("Access-Control-Allow-Origin"), "https://good.example");
  const auto asked = client().Options("/v1/chat/completions", {{"Origin", "https://good.example"}});
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->status, 204);
  EXPECT_NE(asked->get_header_value("Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
  const auto not_asked = client().Options("/v1/chat/completions", {{"Origin", "https://bad.example"}});
  ASSERT_TRUE(not_asked);
  EXPECT_FALSE(not_asked->has_header("Access-Control-Allow-Origin"));
}

using NoKeys = ServerTest;

TEST_F(NoKeys, OnlyThisMachineAndItsOwnNames) {
  Options options = tiny_options();
  options.host = "0.0.0.0";
  EXPECT_THROW(Server(tiny_engine(), options), UsageError);
  options.keys = {""};
  EXPECT_THROW(Server(tiny_engine(), options), UsageError);
  const auto status = [&](const char* host) {
    const auto got = client().Get("/v1/models", {{"Host", host}});
    return got ? got->status : 0;
  };
  EXPECT_EQ(status("localhost:8080"), 200);
  EXPECT_EQ(status("127.0.0.1"), 200);
  EXPECT_EQ(status("[::1]:80"), 200);
  EXPECT_EQ(status("evil.example"), 403);  // a name that was made to point here
}

TEST(Loopback, IsThisMachine) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "192.168.0.1", "127.evil.example", "example.org", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace focusllm::server::test

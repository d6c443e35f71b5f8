// What no honest client sends.
#include <random>

#include "client.h"

namespace focusllm::server::test {
namespace {

using namespace std::chrono_literals;

class Hostile : public ServerTest {
 protected:
  std::string raw(std::string_view bytes, std::chrono::milliseconds most = 5s) {
    RawClient client(server().port());
    client.send(bytes);
    return client.receive(most);
  }
  void expect_alive() { EXPECT_EQ(get("/health")["status"], "ok"); }
  static std::string request(const std::string& body) {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }
};

TEST_F(Hostile, JsonNeverBreaksTheServer) {
  const std::string good = chat("Hello", 1).dump();
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    std::string body = good;
    for (unsigned change = random() % 4 + 1; change > 0; --change) {
      const std::size_t at = random() % body.size();
      switch (random() % 3) {
        case 0:
          body[at] = static_cast<char>(random());
          break;
        case 1:
          body.erase(at, random() % 8 + 1);
          break;
        default:
          body.insert(at, std::string(random() % 3 + 1, "[{\"\\,:]}09"[random() % 10]));
          break;
      }
      if (body.empty()) body = "{";
    }
    const std::string got = raw(request(body));
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200") || got.starts_with("HTTP/1.1 4")) << body << "\n" << got;
  }
  expect_alive();
}

TEST_F(Hostile, DeepAndWideJsonIsRefused) {
  EXPECT_TRUE(raw(request(std::string(100000, '['))).starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(raw(request("{\"messages\":" + std::string(100000, '['))).starts_with("HTTP/1.1 400"));
  std::string wide = "{";
  for (int i = 0; i < 100000; ++i) wide += "\"k" + std::to_string(i) + "\":0,";
  wide += "\"messages\":[]}";
  EXPECT_TRUE(raw(request(wide)).starts_with("HTTP/1.1 400"));
  expect_alive();
}

TEST_F(Hostile, BrokenHttpIsRefused) {
  for (const char* text :
       {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n"}) {
    const std::string got = raw(text, 500ms);
    EXPECT_FALSE(got.starts_with("HTTP/1.1 200")) << text << got;
  }
  expect_alive();
}

TEST_F(Hostile, LongPathsAndRangesAreNoTrouble) {
  const std::string end = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  const std::string path = "/" + std::string(8000, 'a');
  EXPECT_TRUE(raw("GET " + path + end + "\r\n").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(raw("POST " + path + end + "Content-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(raw("PUT /tokenize" + end + "Content-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(raw("GET " + path + path + path + end + "\r\n").starts_with("HTTP/1.1 4"));
  std::string ranges = "bytes=0-0";
  while (ranges.size() < 8000) ranges += ",0-0";
  EXPECT_TRUE(raw("GET /health" + end + "Range: " + ranges + "\r\n\r\n").starts_with("HTTP/1.1 "));
  expect_alive();
}

TEST_F(Hostile, NamesOfControlTokensInMessagesStayText) {
  const Json plain = post("/v1/chat/completions/input_tokens", chat("x"));
  const Json named = post("/v1/chat/completions/input_tokens", chat("x<|im_end|>"));
  EXPECT_EQ(named["input_tokens"].get<int>(), plain["input_tokens"].get<int>() + 10);
}

TEST_F(Hostile, TokensOutsideTheVocabularyAreRefused) {
  for (const Json& tokens :
       {Json{-1}, Json{1 << 20}, Json{1.5}, Json{UINT64_MAX}, Json{70, "x"}, Json{70, {70}}}) {
    post("/v1/completions", {{"prompt", tokens}}, 400);
    post("/detokenize", {{"tokens", tokens}}, 400);
  }
  post("/v1/completions", {{"prompt", ""}}, 400);
  post("/v1/completions", {{"prompt", std::vector<std::string>(9, "x")}}, 400);
}

}  // namespace
}  // namespace focusllm::server::test

// The texts of documents, whole and in parts, and where citations stand in those that were made of several
// files.
#include "documents.h"

namespace focusllm::server::test {
namespace {

class ContentTest : public DocumentTest {
 protected:
  static constexpr const char* kPath = "/v1/documents/book/content";

  httplib::Result part(const std::string& range, const std::string& path = kPath) {
    return client().Get(path, {{"Range", range}});
  }
};

TEST_F(ContentTest, IsTheTextWithoutChange) {
  start(with_store());
  const std::string text = "\r\n<b>\xc3\xa4\xf0\x9f\x98\x80</b>\n" + words(300) + "\nno line end";
  kept("book", text);
  const auto got = client().Get(kPath);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, text);
  EXPECT_EQ(got->get_header_value("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(got->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(got->get_header_value("Accept-Ranges"), "bytes");
  const auto head = client().Head(kPath);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->get_header_value("Content-Length"), std::to_string(text.size()));
}

TEST_F(ContentTest, ComesInParts) {
  start(with_store());
  const std::string text = words(300);
  kept("book", text);
  for (const auto& [range, first, bytes] :
       std::vector<std::tuple<std::string, std::size_t, std::size_t>>{{"bytes=10-29", 10, 20},
                                                                      {"bytes=100-", 100, text.size() - 100},
                                                                      {"bytes=-7", text.size() - 7, 7}}) {
    const auto got = part(range);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->status, 206);
    EXPECT_EQ(got->body, text.substr(first, bytes));
    EXPECT_EQ(got->get_header_value("Content-Range"),
              fmt::format("bytes {}-{}/{}", first, first + bytes - 1, text.size()));
  }
  const auto several = part("bytes=0-1,5-6");
  ASSERT_TRUE(several);
  EXPECT_EQ(several->status, 200);
  EXPECT_EQ(several->body, text);
  const auto behind = part("bytes=1000000-");
  ASSERT_TRUE(behind);
  EXPECT_EQ(behind->status, 416);
  EXPECT_EQ(behind->get_header_value("Content-Range"), "bytes */" + std::to_string(text.size()));
}

TEST_F(ContentTest, IsThatOfTheTextThatStandsThereNow) {
  start(with_store());
  kept("book", words(300));
  const auto first = client().Get(kPath);
  ASSERT_TRUE(first);
  const std::string other = "Another text. " + words(200);
  kept("book", other);
  const auto second = client().Get(kPath);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->body, other);
  EXPECT_NE(second->get_header_value("ETag"), first->get_header_value("ETag"));
  client().Delete("/v1/documents/book");
  EXPECT_EQ(get(kPath, 404)["error"]["type"], "not_found_error");
}

TEST_F(ContentTest, IsThereOnceItIsRead) {
  start(with_store());
  post("/v1/documents", {{"name", "book"}, {"text", words(30000)}}, 202);
  const std::string message = get(kPath, 409)["error"]["message"];
  EXPECT_NE(message.find("\"book\" is not read yet"), std::string::npos) << message;
  client().Delete("/v1/documents/book");
}

TEST_F(ContentTest, IsItsOwnersAlone) {
  auto [one, two] = two_owners();
  const std::string text = words(300);
  ASSERT_EQ(
      one.Post("/v1/documents", Json{{"name", "book"}, {"text", text}}.dump(), "application/json")->status,
      202);
  ASSERT_TRUE(soon([&] { return one.Get(kPath)->status == 200; }));
  EXPECT_EQ(one.Get(kPath)->body, text);
  const Json error = Json::parse(two.Get(kPath)->body)["error"];
  EXPECT_EQ(error["message"], "there is no document \"book\"") << "and nothing of how it is kept";
  EXPECT_EQ(client().Get(kPath)->status, 401);
}

TEST_F(ContentTest, OfSeveralFilesIsOneBehindTheOther) {
  const Options options = with_store();
  const std::string first = "No line end. " + words(300), second = "Second. " + words(400) + "\n";
  ReadOptions read;
  read.session = session_options(options);
  read_into(*options.store, tiny_engine(), "book", {{"one.txt", first}, {"two.txt", second}}, read);
  start(options);
  const auto got = client().Get(kPath);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->body, first + "\n" + second);
  EXPECT_EQ(part(fmt::format("bytes={}-{}", first.size() - 2, first.size() + 2))->body,
            got->body.substr(first.size() - 2, 5));

  const Json sources = get("/v1/documents/book")["sources"];
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[1]["name"], "two.txt");
  const Json answer = post("/v1/chat/completions", about("book", "What is it?"));
  const Json& citations = answer["choices"][0]["message"]["citations"];
  ASSERT_FALSE(citations.empty());
  for (const Json& place : citations) {
    EXPECT_EQ(place["document"], "book");
    const Json& source = sources[place["file"] == "one.txt" ? 0 : 1];
    EXPECT_EQ(source["name"], place["file"]);
    const std::size_t byte = source["first_byte"].get<std::size_t>() + place["first_byte"].get<std::size_t>();
    EXPECT_EQ(got->body.substr(byte, place["bytes"]), place["quote"].get<std::string>()) << place;
  }
}

}  // namespace
}  // namespace focusllm::server::test

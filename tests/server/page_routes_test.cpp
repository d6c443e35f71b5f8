// The page's files as they are sent; what the page does is in page_test.py.
#include <regex>
#include <set>

#include <gmock/gmock.h>

#include "client.h"
#include "server/page_files.h"

namespace focusllm::server::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class PageRoutes : public ServerTest {
 protected:
  httplib::Result file(const std::string& path, const httplib::Headers& headers = {}) {
    return client().Get(path, headers);
  }
};

TEST_F(PageRoutes, NeedNoKey) {
  Options options = tiny_options();
  options.keys = {"key"};
  start(std::move(options));
  EXPECT_EQ(file("/")->status, 200);
  EXPECT_EQ(file("/page/style.css")->status, 200);
  EXPECT_EQ(file("/page/nothing.js")->status, 404);
  EXPECT_EQ(file("/page")->status, 401);
  EXPECT_EQ(file("/v1/documents")->status, 401);
}

TEST_F(PageRoutes, LoadNothingFromElsewhere) {
  for (const PageFile& page : page_files()) {
    const bool index = page.name == "index.html";
    const auto got = file(index ? "/" : "/page/" + std::string(page.name));
    ASSERT_TRUE(got) << page.name;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, page.text);
    EXPECT_EQ(got->get_header_value("Content-Security-Policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
              "data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    EXPECT_EQ(got->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(got->get_header_value("Referrer-Policy"), "no-referrer");
    const char* const type = index                         ? "text/html"
                             : page.name.ends_with(".css") ? "text/css"
                                                           : "text/javascript";
    EXPECT_THAT(got->get_header_value("Content-Type"), StartsWith(type));
  }
}

TEST_F(PageRoutes, AreAllThatTheFilesName) {
  std::set<std::string> named;
  const std::regex path("\"(/page/[^\"]*)\"");
  for (const PageFile& page : page_files()) {
    const std::string text(page.text);
    for (auto at = std::sregex_iterator(text.begin(), text.end(), path); at != std::sregex_iterator(); ++at)
      named.insert((*at)[1]);
    EXPECT_EQ(text.find("innerHTML"), std::string::npos) << page.name << ": data becomes text, not markup";
  }
  EXPECT_EQ(named.size() + 1, page_files().size()) << "no file is left over";
  for (const std::string& name : named) EXPECT_EQ(file(name)->status, 200) << name;
}

TEST_F(PageRoutes, AreNotSentAgainWhereTheBrowserHasThem) {
  const auto first = file("/");
  EXPECT_EQ(first->get_header_value("Cache-Control"), "no-cache");
  const std::string tag = first->get_header_value("ETag");
  const auto again = file("/", {{"If-None-Match", tag}});
  EXPECT_EQ(again->status, 304);
  EXPECT_EQ(again->body, "");
  EXPECT_EQ(file("/", {{"If-None-Match", "\"other\""}})->status, 200);
  EXPECT_NE(file("/page/main.js")->get_header_value("ETag"), tag);
}

TEST_F(PageRoutes, CanBeLeftOut) {
  Options options = tiny_options();
  options.page = false;
  start(std::move(options));
  EXPECT_THAT(file("/")->body, HasSubstr("there is no GET / here"));
  EXPECT_EQ(file("/")->status, 404);
  EXPECT_EQ(file("/page/main.js")->status, 404);
  EXPECT_EQ(file("/health")->status, 200);
}

}  // namespace
}  // namespace focusllm::server::test

#include "documents.h"

namespace focusllm::server::test {
namespace {

using FileTest = DocumentTest;

TEST_F(FileTest, IsKeptAndListed) {
  start(with_store());
  const std::string text = words(50);
  const Json file = upload("notes of May.txt", text);
  EXPECT_EQ(file["object"], "file");
  EXPECT_EQ(file["bytes"], text.size());
  EXPECT_EQ(file["filename"], "notes of May.txt");
  EXPECT_EQ(file["purpose"], "user_data");
  EXPECT_EQ(file["status"], "processed");
  const std::string id = file["id"];
  EXPECT_TRUE(id.starts_with("file-"));
  EXPECT_EQ(get("/v1/files/" + id), file);
  EXPECT_EQ(client().Get("/v1/files/" + id + "/content")->body, text);
  const std::string second = upload("other.txt", text)["id"];
  EXPECT_NE(second, id);
  const Json list = get("/v1/files");
  ASSERT_EQ(list["data"].size(), 2U);
  EXPECT_EQ(list["data"][0]["id"], second);
  EXPECT_EQ(list["data"][1]["id"], id);
  EXPECT_FALSE(list["has_more"]);
  restart(with_store());
  EXPECT_EQ(get("/v1/files/" + id), file);
}

TEST_F(FileTest, IsListedInPages) {
  start(with_store());
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(upload("a.txt", words(5))["id"]);
  const Json first = get("/v1/files?limit=2&order=asc");
  EXPECT_EQ(first["last_id"], ids[1]);
  EXPECT_TRUE(first["has_more"]);
  const Json rest = get("/v1/files?order=asc&after=" + ids[1]);
  ASSERT_EQ(rest["data"].size(), 1U);
  EXPECT_EQ(rest["data"][0]["id"], ids[2]);
  EXPECT_TRUE(get("/v1/files?purpose=batch")["data"].empty());
  for (const char* query : {"limit=0", "limit=x", "limit=99999999999", "after=file-none"})
    get(std::string("/v1/files?") + query, 400);
}

TEST_F(FileTest, BecomesADocument) {
  start(with_store());
  const std::string text = words(400);
  const std::string id = upload("../a book.txt", "\xef\xbb\xbf" + text)["id"];
  const Json document = post("/v1/documents", {{"file_id", id}}, 202);
  EXPECT_EQ(document["name"], "a-book.txt");
  EXPECT_EQ(wait_for("a-book.txt", "ready")["bytes"], text.size());
  post("/v1/documents", {{"file_id", id}, {"name", "mine"}}, 202);
  wait_for("mine", "ready");
  EXPECT_FALSE(content(post("/v1/chat/completions", about("mine", "What is it?"))).empty());
  EXPECT_EQ(get("/v1/documents")["data"].size(), 2U);
  EXPECT_EQ(get("/v1/files")["data"].size(), 1U);
  post("/v1/documents", {{"file_id", id}, {"text", "Both."}}, 400);
  post("/v1/documents", {{"file_id", "file-none"}}, 404);
}

TEST_F(FileTest, IsRemovedAlone) {
  start(with_store());
  const std::string id = upload("a.txt", words(300))["id"];
  kept("a.txt", words(300));
  ASSERT_EQ(client().Delete("/v1/files/" + id)->status, 200);
  EXPECT_EQ(client().Delete("/v1/files/" + id)->status, 404);
  get("/v1/files/" + id, 404);
  get("/v1/files/" + id + "/content", 404);
  EXPECT_EQ(get("/v1/documents/a.txt")["status"], "ready");
  EXPECT_EQ(client().Delete("/v1/files/a.txt")->status, 404);
}

TEST_F(FileTest, RefusesWhatIsNoText) {
  start(with_store());
  const std::string utf16("\xff\xfeH\0i\0", 6), bare_utf16("H\0i\0 \0t\0h\0e\0r\0e\0", 16);
  const std::string binary(
      "\x7f"
      "ELF\x02\x01\x01\0\0\0\0\0\0\xfe",
      14);
  const std::pair<std::string, const char*> wrong[] = {{"", "is empty"},
                                                       {" \n", "is empty"},
                                                       {utf16, "UTF-16"},
                                                       {bare_utf16, "UTF-16"},
                                                       {binary, "not valid UTF-8"}};
  for (const auto& [bytes, why] : wrong) {
    const Json error = upload("a.txt", bytes, 400)["error"];
    EXPECT_EQ(error["param"], "file");
    EXPECT_NE(error["message"].get<std::string>().find(why), std::string::npos) << error;
  }
  upload("\xff.txt", "A text.", 400);
  upload(std::string(256, 'a'), "A text.", 400);
  EXPECT_TRUE(get("/v1/files")["data"].empty());
}

TEST_F(FileTest, RefusesOtherForms) {
  Options options = with_store();
  options.limits.body_bytes = 2000;
  start(std::move(options));
  const auto send = [&](const httplib::MultipartFormDataItems& parts) {
    const auto got = client().Post("/v1/files", parts);
    return got ? got->status : -1;
  };
  EXPECT_EQ(send({{"purpose", "batch", "", ""}}), 400);
  EXPECT_EQ(send({{"file", "A.", "a", ""}, {"file", "B.", "b", ""}}), 400);
  EXPECT_EQ(send({{"file", "A.", "a", ""}, {"purpose", "two words", "", ""}}), 400);
  EXPECT_EQ(send({{"file", "A.", "a", ""}, {"purpose", std::string(65, 'a'), "", ""}}), 400);
  EXPECT_EQ(send(httplib::MultipartFormDataItems(40, {"other", "x", "", ""})), 413);  // of its headers
  EXPECT_EQ(send({{"file", std::string(3000, 'a'), "a", ""}}), 413);
  EXPECT_EQ(send({{"file", "A.", "a", ""}}), 200);
  EXPECT_EQ(send({{"file", "A.", "a", ""}, {"else", "x", "", ""}}), 200);
  EXPECT_EQ(client().Post("/v1/files", "{}", "application/json")->status, 415);
  const char* kForm = "multipart/form-data; boundary=x";
  for (const char* body : {"", "--x", "--x\r\n\r\n", "--x--\r\n",
                           "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno end"})
    EXPECT_EQ(client().Post("/v1/files", body, kForm)->status, 400) << body;
}

TEST_F(FileTest, IsItsOwnersAlone) {
  auto [one, two] = two_owners();
  const auto got = one.Post("/v1/files", httplib::MultipartFormDataItems{{"file", "A text.", "a", ""}});
  ASSERT_EQ(got->status, 200);
  const std::string id = Json::parse(got->body)["id"];
  EXPECT_EQ(one.Get("/v1/files/" + id)->status, 200);
  EXPECT_EQ(two.Get("/v1/files/" + id)->status, 404);
  EXPECT_EQ(two.Get("/v1/files/" + id + "/content")->status, 404);
  EXPECT_TRUE(Json::parse(two.Get("/v1/files")->body)["data"].empty());
  EXPECT_EQ(two.Delete("/v1/files/" + id)->status, 404);
  const Json body = {{"file_id", id}};
  EXPECT_EQ(two.Post("/v1/documents", body.dump(), "application/json")->status, 404);
  EXPECT_EQ(one.Post("/v1/documents", body.dump(), "application/json")->status, 202);
}

}  // namespace
}  // namespace focusllm::server::test

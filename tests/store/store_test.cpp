#include <fstream>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "base/error.h"
#include "base/hash.h"
#include "kept.h"

namespace focusllm::test {
namespace {

namespace fs = std::filesystem;

class Stores : public testing::Test {
 protected:
  std::shared_ptr<Store> open(std::int64_t most = 0) const {
    return Store::open(folder_.path() / "store", {.most_bytes = most});
  }
  static std::string hash_of(const SavedSession& saved) {
    std::string all;
    for (const SavedPiece& piece : saved.pieces) all += content_hash(piece.parts);
    return all;
  }
  std::size_t pieces() const { return files_in(folder_.path() / "store" / "pieces").size(); }

  Folder folder_;
};

TEST_F(Stores, GiveBackWhatWasPut) {
  const SavedSession saved = saved_session("recall", 500, 1);
  const StoredText put = open()->put(named("a"), saved, {});
  const auto other = open();
  const auto found = other->find("a", saved.encoder, "auto");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, put.id);
  EXPECT_EQ(found->stored_bytes, put.stored_bytes);
  EXPECT_EQ(hash_of(other->get(*found)), hash_of(saved));
  EXPECT_FALSE(other->find("a", saved.encoder, "full"));
  EXPECT_FALSE(other->find("a", "another model", "auto"));
  EXPECT_FALSE(other->find("b", saved.encoder, "auto"));
}

TEST_F(Stores, KeepEqualPiecesOnce) {
  const auto store = open();
  const SavedSession saved = saved_session("full", 500, 1);
  store->put(named("a"), saved, {});
  const std::int64_t bytes = store->bytes();
  const std::size_t files = pieces();
  store->put(named("b"), saved, {});
  EXPECT_EQ(store->bytes(), bytes);
  EXPECT_EQ(pieces(), files);
  EXPECT_EQ(store->remove("a"), 1);
  EXPECT_EQ(pieces(), files);
  EXPECT_FALSE(store->damage(*store->find("b", saved.encoder, "auto")));
}

TEST_F(Stores, RemoveWhatIsReplaced) {
  const auto store = open();
  store->put(named("a"), saved_session("recall", 500, 1), {});
  store->put(named("a"), saved_session("recall", 500, 2), {});
  EXPECT_EQ(store->texts().size(), 1U);
  EXPECT_EQ(pieces(), 1U);
  EXPECT_EQ(store->remove("a"), 1);
  EXPECT_EQ(store->remove("a"), 0);
  EXPECT_EQ(pieces(), 0U);
}

TEST_F(Stores, CollectWhatAnInterruptedProcessLeft) {
  const auto store = open();
  store->put(named("a"), saved_session("recall", 500, 1), {});
  fs::create_directory(folder_.path() / "store/pieces/ab");
  for (const char* name : {"ab/abcdef", "ab/abcdef.1-0.tmp"})
    std::ofstream(folder_.path() / "store/pieces" / name) << "left";
  const Store::Freed freed = store->collect();
  EXPECT_EQ(freed.files, 2);
  EXPECT_EQ(freed.bytes, 8);
  EXPECT_EQ(pieces(), 1U);
}

TEST_F(Stores, LetGoWhatWasUsedLongestAgo) {
  const SavedSession saved = saved_session("recall", 500, 1);
  const std::int64_t one = open()->put(named("a"), saved, {}).stored_bytes;
  const auto store = open(3 * one + one / 2);
  for (unsigned i = 0; i < 2; ++i)
    store->put(named(std::string(1, static_cast<char>('b' + i))), saved_session("recall", 500, i + 2), {});
  const SavedSession in_use = store->get(*store->find("a", saved.encoder, "auto"));
  store->put(named("d"), saved_session("recall", 500, 9), {});
  EXPECT_TRUE(store->find("a", saved.encoder, "auto"));
  EXPECT_TRUE(store->find("d", saved.encoder, "auto"));
  EXPECT_EQ(store->texts().size(), 3U);
  EXPECT_LE(store->bytes(), 3 * one + one / 2);
  EXPECT_THROW(open(one / 2)->put(named("e"), saved_session("recall", 500, 10), {}), Error);
  EXPECT_FALSE(store->find("e", saved.encoder, "auto"));
  EXPECT_EQ(hash_of(in_use), hash_of(saved));
}

TEST_F(Stores, RemovedTextsStayWithWhoUsesThem) {
  const auto store = open();
  const SavedSession saved = saved_session("recall", 500, 1);
  const StoredText text = store->put(named("a"), saved, {});
  const SavedSession in_use = store->get(text);
  open()->remove("a");
  EXPECT_EQ(hash_of(in_use), hash_of(saved));
  EXPECT_THROW(store->get(text), Error);
}

TEST_F(Stores, RefuseOtherVersionsAndFiles) {
  open();
  const auto index = folder_.path() / "store" / "index.sqlite";
  const auto run = [&](const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(index.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  };
  run("PRAGMA user_version = 2");
  try {
    open();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is of version 2"), std::string::npos) << error.what();
  }
  run("PRAGMA user_version = 1");
  run("PRAGMA application_id = 7");
  EXPECT_THROW(open(), Error);
  std::ofstream(index) << std::string(5000, 'x');
  EXPECT_THROW(open(), Error);
  EXPECT_THROW(Store::open(index), Error);
}

TEST(Names, AreChecked) {
  for (const char* name : {"a", "Moby-Dick_2.txt", "..a"}) EXPECT_NO_THROW(check_text_name(name)) << name;
  for (const char* name : {"", ".", "..", "a/b", "a b", "\xc3\xa4"})
    EXPECT_THROW(check_text_name(name), UsageError) << name;
  EXPECT_THROW(check_text_name(std::string(129, 'a')), UsageError);
  EXPECT_EQ(text_name_of("books/Moby Dick.txt"), "Moby-Dick.txt");
  EXPECT_EQ(text_name_of("books/.."), "text");
  EXPECT_EQ(text_name_of("\xc3\xa4.txt"), "--.txt");
}

}  // namespace
}  // namespace focusllm::test

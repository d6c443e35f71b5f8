// Texts that are read into a store: the same answers as without, and nothing is read twice.

#include <gtest/gtest.h>

#include "base/error.h"
#include "kept.h"

namespace focusllm::test {
namespace {

class Reads : public testing::TestWithParam<std::string> {
 protected:
  StoredText read(const std::vector<SourceText>& sources, double save_seconds = 60) {
    ReadOptions options = read_options(GetParam(), save_seconds);
    options.on_known = [this](const StoredText& text) { known_ = text.tokens; };
    known_ = 0;
    return read_into(*store_, tiny().engine, "text", sources, options);
  }
  std::vector<Token> from_store() const {
    return answers(open_texts(*store_, tiny().engine, {"text"}, read_options(GetParam()).session).session);
  }
  /// Of a session that reads these pieces, and ends the text behind each.
  static std::vector<Token> without_store(const std::vector<std::string>& pieces) {
    Session session(tiny().engine, read_options(GetParam()).session);
    for (const std::string& piece : pieces) {
      session.read(piece);
      session.end_text();
    }
    return answers(std::move(session));
  }

  Folder folder_;
  std::shared_ptr<Store> store_ = Store::open(folder_.path() / "store");
  std::int64_t known_ = 0;  ///< tokens that were not read again
};

TEST_P(Reads, AnswersAsWithoutAStore) {
  const std::string text = words(1500, 1);
  const StoredText read_text = read({{"a", text}});
  EXPECT_TRUE(read_text.complete);
  EXPECT_EQ(read_text.bytes, std::ssize(text));
  EXPECT_EQ(from_store(), without_store({text}));
}

TEST_P(Reads, NothingTwice) {
  const std::string text = words(1500, 1);
  const StoredText first = read({{"a", text}});
  EXPECT_EQ(known_, 0);
  const StoredText second = read({{"a", text}});
  EXPECT_EQ(known_, first.tokens);
  EXPECT_EQ(second.id, first.id);
}

TEST_P(Reads, OnlyWhatWasAppended) {
  const std::string text = words(1500, 1), more = words(700, 2);
  const StoredText first = read({{"a", text}});
  const StoredText second = read({{"a", text + more}});
  EXPECT_EQ(known_, first.tokens);
  EXPECT_GT(second.tokens, first.tokens + 600);
  EXPECT_EQ(second.sources.front().bytes, std::ssize(text + more));
  EXPECT_EQ(from_store(), without_store({text, more}));
}

TEST_P(Reads, AnewWhatChangedInFront) {
  read({{"a", words(1500, 1)}});
  const std::string other = words(1500, 3);
  read({{"a", other}});
  EXPECT_EQ(known_, 0);
  EXPECT_EQ(from_store(), without_store({other}));
  EXPECT_EQ(store_->texts().size(), 1U);
}

TEST_P(Reads, GoesOnWhereItWasInterrupted) {
  const std::string text = words(9000, 4);
  ReadOptions options = read_options(GetParam(), 0);
  CancelToken cancel;
  options.session.cancel = &cancel;
  options.session.on_progress = [&](const Progress& at) {
    if (at.done > 3000) cancel.cancel();
  };
  EXPECT_THROW(read_into(*store_, tiny().engine, "text", {{"a", text}}, options), Cancelled);
  EXPECT_THROW(from_store(), Error);
  const StoredText whole = read({{"a", text}});
  EXPECT_GT(known_, 2000);
  EXPECT_LT(known_, whole.tokens);
  EXPECT_EQ(from_store(), without_store({text}));
}

INSTANTIATE_TEST_SUITE_P(Methods, Reads,
                         testing::Values("full", "streaming", "dca", "recall", "infllm", "focus"),
                         [](const auto& method) { return method.param; });

TEST(Sources, AreWhereTheyBegin) {
  const Folder folder;
  const auto store = Store::open(folder.path());
  const std::string a = words(300, 1), b = words(200, 2);
  ReadOptions options = read_options("recall");
  const StoredText text = read_into(*store, tiny().engine, "two", {{"a.txt", a}, {"b.txt", b}}, options);
  ASSERT_EQ(text.sources.size(), 2U);
  EXPECT_EQ(text.sources[1].name, "b.txt");
  EXPECT_EQ(text.sources[1].first_byte, std::ssize(a));
  EXPECT_EQ(text.bytes, std::ssize(a) + std::ssize(b));
  EXPECT_EQ(store->source(text, 0), a);
  EXPECT_EQ(store->source(text, 1), b);
}

TEST(Sources, OtherBordersAreAnotherText) {
  const Folder folder;
  const auto store = Store::open(folder.path());
  const std::string a = words(300, 1), b = words(200, 2);
  int known = 0;
  ReadOptions options = read_options("recall");
  options.on_known = [&](const StoredText&) { ++known; };
  const std::string all = a + b;
  read_into(*store, tiny().engine, "text", {{"all", all}}, options);
  read_into(*store, tiny().engine, "text", {{"a", a}, {"b", b}}, options);
  EXPECT_EQ(known, 1);  // the first source goes on in the second one
  read_into(*store, tiny().engine, "text", {{"a", a}, {"b", b}}, options);
  EXPECT_EQ(known, 2);
}

TEST(Opening, SaysWhatIsMissing) {
  const Folder folder;
  const auto store = Store::open(folder.path());
  const auto open = [&](const std::string& name, const std::string& method) -> std::string {
    try {
      open_texts(*store, tiny().engine, {name}, read_options(method).session);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_NE(open("book", "recall").find("it is empty"), std::string::npos);
  store->put(named("book"), saved_session("recall", 100, 1), {});
  EXPECT_NE(open("books", "recall").find("there are: book"), std::string::npos);
  EXPECT_NE(open("book", "full").find("by the method recall"), std::string::npos);
  EXPECT_EQ(open("book", "recall"), "");
  EXPECT_EQ(open("book", "auto"), "");
}

}  // namespace
}  // namespace focusllm::test

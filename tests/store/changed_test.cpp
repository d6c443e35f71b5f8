// A text that changed since it was read into a store: read again only where it did, where the method can.

#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "kept.h"

namespace focusllm::test {
namespace {

constexpr std::int64_t kWords = 1500,
                       kStride = 21;  // of read_options("focus"): chunks of 24, 3 of them again

class Changed : public testing::Test {
 protected:
  StoredText read(const std::string& text, const ReadOptions& given = read_options("focus")) {
    ReadOptions options = given;
    options.on_known = [this](const StoredText& known) { known_ = known.tokens; };
    options.on_found = [this](std::int64_t tokens) { found_ = tokens; };
    known_ = found_ = 0;
    return read_into(*store_, tiny().engine, "text", {{"a", text}}, options);
  }
  std::vector<Token> from_store(const std::string& method = "focus") const {
    return answers(open_texts(*store_, tiny().engine, {"text"}, read_options(method).session).session);
  }
  static std::vector<Token> without_store(const std::string& text) {
    Session session(tiny().engine, read_options("focus").session);
    session.read(text);
    session.end_text();
    return answers(std::move(session));
  }
  /// Of a session that has the same chunks as the store's text, all computed for it alone.
  std::vector<Token> like_store(const SavedSession& before, const std::string& text) const {
    auto session = Session::revise(tiny().engine, read_options("focus").session, before);
    session->read(text);
    session->end_text();
    return answers(std::move(*session));
  }
  static std::string changed(std::string text, std::int64_t word, std::int64_t removed,
                             const std::string& added) {
    return text.replace(static_cast<std::size_t>(2 * word), static_cast<std::size_t>(2 * removed), added);
  }
  /// What is in no chunk that was known.
  std::int64_t computed(const StoredText& text) const { return text.tokens - known_ - found_; }

  Folder folder_;
  std::shared_ptr<Store> store_ = Store::open(folder_.path() / "store");
  std::string text_ = words(kWords, 1);
  std::int64_t known_ = 0, found_ = 0;
};

/// Tokens at the end that are in no chunk before a question comes.
constexpr std::int64_t kEnd = 32 + 24 + 3;

TEST_F(Changed, IsReadAgainOnlyThere) {
  read(text_);
  for (const std::int64_t word : {0L, 700L, 1480L}) {
    for (const auto& version : {changed(text_, word, 0, "t9"), changed(text_, word, 3, ""),
                                changed(text_, word, 5, words(11, 9)), text_}) {
      EXPECT_LE(computed(read(version)), 2 * 4 * kStride + kEnd) << word;
      EXPECT_EQ(known_, 0);
    }
  }
  EXPECT_EQ(from_store().size(), 12U);
  EXPECT_EQ(store_->texts().size(), 1U);
}

TEST_F(Changed, AnswersAsIfItWereReadAnew) {
  read(text_);
  // As many words, in the place of a whole chunk's own ones: the chunks are those of a new reading.
  const std::string version = changed(text_, 40 * kStride + 3, kStride, words(kStride, 9));
  EXPECT_LE(computed(read(version)), 3 * kStride + kEnd);
  EXPECT_EQ(from_store(), without_store(version));
  read(words(kWords, 5));
  EXPECT_EQ(found_, 0);
  EXPECT_EQ(from_store(), without_store(words(kWords, 5)));
}

TEST_F(Changed, GoesOnWhereItWasInterrupted) {
  const std::string text = words(9000, 1);
  const SavedSession before = store_->get(read(text));
  const std::string version = changed(text, 100, 1, words(300, 9));
  const auto wanted = like_store(before, version);
  ReadOptions options = read_options("focus", 0);
  CancelToken cancel;
  options.session.cancel = &cancel;
  options.session.on_progress = [&](const Progress& at) {
    if (at.done > 500) cancel.cancel();
  };
  EXPECT_THROW(read(version, options), Cancelled);
  const auto begun = store_->find("text", saved_encoder(*tiny().engine), "focus");
  ASSERT_TRUE(begun && !begun->complete && begun->tokens < 9000);
  read(version);
  EXPECT_EQ(known_, begun->tokens);
  EXPECT_GT(found_, 9000 - begun->tokens - kEnd);  // the version before is still known
  EXPECT_EQ(from_store(), wanted);
}

TEST_F(Changed, BehindWhatWasAppended) {
  const std::string more = words(500, 2);
  const std::int64_t tokens = read(text_).tokens;
  read(text_ + more);
  EXPECT_EQ(known_, tokens);
  EXPECT_LE(computed(read(changed(text_, 40, 0, "t5") + more)), 8 * kStride + kEnd);
}

TEST_F(Changed, WithOtherSettingsItIsReadAnew) {
  read(text_);
  ReadOptions options = read_options("focus");
  options.session.context.chunk = 48;
  read(changed(text_, 40, 0, "t5"), options);
  EXPECT_EQ(found_, 0);
}

TEST_F(Changed, ByAnotherMethodItIsReadAnew) {
  for (const char* method : {"recall", "full", "infllm"}) {
    const std::string before = words(700, 1);
    read(before, read_options(method));
    const StoredText text = read(changed(before, 40, 0, "t5"), read_options(method));
    EXPECT_EQ(computed(text), text.tokens);
    EXPECT_FALSE(Session::revise(tiny().engine, read_options(method).session, store_->get(text)));
  }
}

TEST_F(Changed, WhereItWasDamagedItIsReadAnew) {
  read(text_);
  const std::string version = changed(text_, 40 * kStride + 3, kStride, words(kStride, 9));
  for (const auto& file : files_in(folder_.path() / "store" / "pieces")) {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(20);
    bytes.put('x');
  }
  read(version);
  EXPECT_EQ(found_, 0);
  EXPECT_EQ(from_store(), without_store(version));
}

}  // namespace
}  // namespace focusllm::test

// Sessions that are saved and gone on from: the same answers, to the bit.

#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "talk.h"

namespace focusllm::test {
namespace {

constexpr std::int64_t kText = 1700, kCut = 1201, kAnswer = 6;

AskOptions few(std::int64_t tokens) {
  AskOptions ask;
  ask.max_tokens = tokens;
  return ask;
}

class Saved : public testing::TestWithParam<std::string> {
 protected:
  static const TinyEngine& tiny() {
    static const TinyEngine one(2);
    return one;
  }
  static std::vector<Token> text(std::int64_t count = kText) { return tiny().tokens(count, 5); }
  Session open() const { return open_session(tiny(), GetParam()); }
  Session restore(const SavedSession& saved) const {
    return Session::restore(tiny().engine, session_options(GetParam()), saved);
  }
  static std::vector<TokenProbability> answers(Session& session) {
    std::vector<TokenProbability> all;
    for (const unsigned seed : {7U, 8U}) {
      session.read_tokens(tiny().tokens(9, seed));
      for (const GeneratedToken& token : session.ask("", few(kAnswer)).tokens)
        all.push_back({token.id, token.logprob});
    }
    return all;
  }
  static void expect_equal(const std::vector<TokenProbability>& got,
                           const std::vector<TokenProbability>& want) {
    expect_same(got, want, {.method = GetParam(), .text = kText, .answer = kAnswer});
  }
};

/// As a file would give them: each piece in one part.
SavedSession copy_of(const SavedSession& saved) {
  SavedSession copy = saved;
  for (SavedPiece& piece : copy.pieces) {
    const auto whole = std::make_shared<AlignedBuffer<std::byte>>(piece.size());
    std::byte* to = whole->data();
    for (const auto& part : piece.parts) to = std::ranges::copy(part, to).out;
    piece = {.parts = {whole->span()}, .keepers = {whole}};
  }
  return copy;
}

TEST_P(Saved, GoesOnWhereItWas) {
  const auto all = text();
  Session whole = open();
  whole.read_tokens(all);
  const auto want = answers(whole);

  Session first = open();
  first.read_tokens(std::span(all).first(kCut));
  Session second = restore(copy_of(first.save()));
  EXPECT_EQ(second.tokens(), first.tokens());
  second.read_tokens(std::span(all).subspan(kCut));
  expect_equal(answers(second), want);
}

TEST_P(Saved, AnswersAsTheOneThatRead) {
  Session whole = open();
  whole.read_tokens(text());
  whole.end_text();
  const SavedSession saved = copy_of(whole.save());
  Session twice = restore(copy_of(restore(saved).save()));
  Session once = restore(saved);
  const auto want = answers(whole);
  expect_equal(answers(once), want);
  expect_equal(answers(twice), want);
}

TEST_P(Saved, StaysAsItWasWhenTheSessionGoesOn) {
  const auto all = text();
  Session session = open();
  session.read_tokens(std::span(all).first(kCut));
  const SavedSession saved = session.save();
  const SavedSession copy = copy_of(saved);
  session.read_tokens(std::span(all).subspan(kCut));
  session.ask("", few(2));
  ASSERT_EQ(saved.pieces.size(), copy.pieces.size());
  for (std::size_t i = 0; i < saved.pieces.size(); ++i)
    EXPECT_EQ(content_hash(saved.pieces[i].parts), content_hash(copy.pieces[i].parts));
}

TEST_P(Saved, NamesItsSettings) {
  Session session = open();
  session.read_tokens(text());
  const std::string settings = session.save().settings;
  for (const SettingUse& use : method_info(GetParam()).settings)
    EXPECT_NE(settings.find(use.setting->field), std::string::npos) << settings;
  EXPECT_EQ(settings.find("local 0"), std::string::npos) << settings;
}

TEST_P(Saved, AQuestionEndsIt) {
  Session session = open();
  session.read_tokens(text());
  session.ask("", few(1));
  EXPECT_THROW(session.save(), Error);
}

TEST_P(Saved, RefusesWhatWasCut) {
  Session session = open();
  session.read_tokens(text());
  SavedSession saved = copy_of(session.save());
  const auto record = saved.pieces.front().parts.front();
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{7}, record.size() / 2, record.size() - 1}) {
    saved.pieces.front().parts = {record.first(bytes)};
    EXPECT_THROW(restore(saved), Error) << bytes;
  }
  saved.pieces.clear();
  EXPECT_THROW(restore(saved), Error);
}

TEST_P(Saved, RefusesOtherSettingsAndModels) {
  Session session = open();
  session.read_tokens(text());
  SavedSession saved = copy_of(session.save());
  Session::Options options = session_options(GetParam());
  options.raw = true;
  options.context.kv_type = session.kv_type() == KvType::int8 ? KvType::bf16 : KvType::int8;
  EXPECT_THROW(Session::restore(tiny().engine, options, saved), UsageError);
  options = session_options(GetParam());
  options.context.method = GetParam() == "full" ? "dca" : "full";
  EXPECT_THROW(Session::restore(tiny().engine, options, saved), UsageError);
  const TinyEngine other(2, {.layers = 2});
  EXPECT_THROW(Session::restore(other.engine, session_options(GetParam()), saved), Error);
}

/// What a session of these texts saves.
SavedSession saved_text(const TinyEngine& tiny, std::span<const Token> text, const std::string& method) {
  Session session = open_session(tiny, method);
  session.read_tokens(text);
  session.end_text();
  return copy_of(session.save());
}

TEST(SavedTexts, AreAskedTogether) {
  const TinyEngine tiny(2);
  const std::vector<std::vector<Token>> texts = {tiny.tokens(5000, 1), tiny.tokens(700, 2),
                                                 tiny.tokens(4100, 3)};
  std::vector<Token> all;
  std::vector<SavedSession> saved;
  for (const auto& text : texts) {
    all.insert(all.end(), text.begin(), text.end());
    saved.push_back(saved_text(tiny, text, "recall"));
  }
  Session together = Session::restore(tiny.engine, session_options("recall"), saved);
  ASSERT_EQ(together.tokens(), std::ssize(all));
  EXPECT_EQ(together.done(), std::ssize(all));
  EXPECT_EQ(together.text(0, std::ssize(all)), tiny.engine->tokenizer().decode(all));
  // A question with the words of a place finds it, whichever text it is in.
  for (const std::int64_t place : {1000, 4900, 5300, 7000, 9500}) {
    Session asked = Session::restore(tiny.engine, session_options("recall"), saved);
    asked.read_tokens(std::span(all).subspan(static_cast<std::size_t>(place), 24));
    AskOptions ask = few(2);
    ask.citations = 1000;
    const auto cited = asked.ask("", ask).citations;
    ASSERT_FALSE(cited.empty());
    for (const Citation& one : cited) {
      EXPECT_GE(one.first_token, 0);
      EXPECT_LE(one.first_token + one.tokens, std::ssize(all));
    }
  }
  EXPECT_THROW(together.save(), Error);
}

/// A text alone, and the same cut in two and put together, score alike but for what stood before the
/// question.
TEST(SavedTexts, HaveTheKeysOfEach) {
  const TinyEngine tiny(2);
  const std::vector<Token> first = tiny.tokens(300, 1), second = tiny.tokens(900, 2);
  const std::vector<SavedSession> saved = {saved_text(tiny, first, "recall"),
                                           saved_text(tiny, second, "recall")};
  Session alone = Session::restore(tiny.engine, session_options("recall"), saved.back());
  Session together = Session::restore(tiny.engine, session_options("recall"), saved);
  EXPECT_GT(together.memory_bytes(), alone.memory_bytes());
}

TEST(SavedTexts, OfOtherMethodsAreRefused) {
  const TinyEngine tiny(2);
  for (const std::string method : {"full", "infllm", "focus"}) {
    const SavedSession one = saved_text(tiny, tiny.tokens(300, 1), method);
    EXPECT_THROW(Session::restore(tiny.engine, session_options(method), std::vector{one, one}), Error);
  }
}

TEST(SavedSettings, ThatMatterToAnswersMayChange) {
  const TinyEngine tiny(2);
  Session first = open_session(tiny, "recall");
  first.read_tokens(tiny.tokens(900, 5));
  const SavedSession saved = copy_of(first.save());
  Session::Options options = session_options("recall");
  options.context.recalled = 77;
  Session other = Session::restore(tiny.engine, options, saved);
  EXPECT_NE(other.save().settings.find("recalled 77"), std::string::npos);
  options.context.local = 33;
  EXPECT_THROW(Session::restore(tiny.engine, options, saved), UsageError);
}

INSTANTIATE_TEST_SUITE_P(Methods, Saved,
                         testing::Values("full", "streaming", "lm-infinite", "dca", "recall", "infllm",
                                         "focus"),
                         [](const auto& method) {
                           std::string name = method.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace focusllm::test

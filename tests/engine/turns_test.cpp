// Turns that were held elsewhere, text as it is written, and forks that answer beside each other.
#include <thread>

#include <gtest/gtest.h>

#include "focusllm/chat_template.h"
#include "support/tiny_chat.h"
#include "talk.h"

namespace focusllm::test {
namespace {

class Turns : public testing::Test {
 protected:
  static std::shared_ptr<const Engine> engine() {
    static const std::shared_ptr<const Engine> loaded = tiny_chat_engine();
    return loaded;
  }
  static Session session(const std::string& method, bool as_written = true, const std::string& system = "") {
    Session::Options options;
    options.context.method = method;
    options.context.heads = "0.1,1.2";
    if (method != "full" && method != "auto") options.context.local = 64;
    if (method == "infllm") options.context.block = 8;
    if (method == "focus") options.context.chunk = 32;
    options.as_written = as_written;
    options.system = system;
    return Session(engine(), options);
  }
  static AskOptions few(std::int64_t tokens) {
    AskOptions ask;
    ask.max_tokens = tokens;
    return ask;
  }
  /// By the tokenizer alone.
  static std::string prompt(const std::string& text) { return "<|im_start|>user\n" + text + "<|im_end|>\n"; }
  static std::int64_t tokens_of(const std::string& text) {
    return std::ssize(engine()->tokenizer().encode(text, true));
  }
};

std::string words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "word" + std::to_string(i * 7919 % 1000) + (i % 9 == 8 ? ". " : " ");
  return text;
}

TEST_F(Turns, HaveTheTokensOfASessionThatGeneratedTheAnswer) {
  for (const std::string method : {"full", "auto", "streaming", "infllm", "recall", "focus", "dca"}) {
    auto talked = session(method), given = session(method);
    const std::string text = words(20) + "\n\n";
    talked.read(text);
    given.read(text);
    const Answer answer = talked.ask("What is it?", few(12));
    given.take_turn("What is it?", answer.text);
    EXPECT_EQ(talked.tokens(), given.tokens()) << method;
    const Answer next = talked.ask("And then?", few(5)), same = given.ask("And then?", few(5));
    EXPECT_EQ(next.timings.prompt_tokens, same.timings.prompt_tokens) << method;
    EXPECT_EQ(talked.text(0, next.timings.prompt_tokens), given.text(0, same.timings.prompt_tokens))
        << method;
    EXPECT_EQ(same.tokens.size(), 5U) << method;
  }
}

TEST_F(Turns, AreTheTemplatesOwnTokens) {
  auto chat = session("full", true, "Be kind.");
  chat.take_turn("Hello", "Hi there");
  chat.read("First part.\n\n");
  const Answer answer = chat.ask("Why?", few(1));
  EXPECT_EQ(answer.timings.prompt_tokens,
            tokens_of("<|im_start|>system\nBe kind.<|im_end|>\n" + prompt("Hello") +
                      "<|im_start|>assistant\nHi there<|im_end|>\n" + prompt("First part.\n\nWhy?") +
                      "<|im_start|>assistant\n"));
}

TEST_F(Turns, AQuestionGoesOnWithTheTextAsItIsWritten) {
  auto apart = session("full"), whole = session("full");
  const std::string text = words(120), question = "Which?";
  apart.read(text);
  apart.settle();
  const Answer one = apart.ask(question, few(8)), other = whole.ask(text + question, few(8));
  EXPECT_EQ(one.timings.prompt_tokens, other.timings.prompt_tokens);
  EXPECT_EQ(one.text, other.text);
}

TEST_F(Turns, AreForChatsOnly) {
  Session::Options options;
  options.raw = true;
  Session raw(engine(), options);
  EXPECT_THROW(raw.take_turn("a", "b"), Error);
}

TEST_F(Turns, ASettledForkAnswersAsASessionThatReadAll) {
  for (const std::string method : {"full", "auto", "streaming", "lm-infinite", "infllm", "recall", "dca"}) {
    auto base = session(method);
    const std::string text = words(90) + "\n\n";
    ASSERT_GT(tokens_of(text), 512);
    base.expect(tokens_of(text) + 50);
    base.read(text);
    base.settle();
    for (const char* question : {"Who?", "When?"}) {
      auto fresh = session(method);
      fresh.expect(tokens_of(text) + 50);
      fresh.read(text);
      auto fork = base.fork();
      ASSERT_TRUE(fork.has_value()) << method;
      const Answer got = fork->ask(question, few(8)), want = fresh.ask(question, few(8));
      EXPECT_EQ(got.text, want.text) << method;
      EXPECT_EQ(got.tokens.back().logprob, want.tokens.back().logprob) << method;
      EXPECT_LT(got.timings.read_tokens, want.timings.read_tokens) << method;
    }
  }
}

TEST_F(Turns, ForksAnswerBesideEachOther) {
  for (const std::string method : {"full", "streaming", "lm-infinite", "infllm", "recall", "dca"}) {
    auto base = session(method);
    base.read(words(80) + "\n\n");
    base.settle();
    std::vector<Session> forks;
    std::vector<std::string> want, got(6);
    for (int i = 0; i < 6; ++i) {
      want.push_back(base.fork()->ask("Number " + std::to_string(i) + "?", few(40)).text);
      forks.push_back(std::move(*base.fork()));
    }
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < forks.size(); ++i) {
      threads.emplace_back(
          [&, i] { got[i] = forks[i].ask("Number " + std::to_string(i) + "?", few(40)).text; });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(got, want) << method;
  }
}

TEST_F(Turns, TokensThatAnotherSessionReadAreCounted) {
  const std::string text = words(120) + "\n\n";
  const auto store = make_chunk_store(std::int64_t{1} << 28);
  const auto ask = [&](const std::string& question) {
    Session::Options options;
    options.context.method = "focus";
    options.context.local = 64;
    options.context.chunk = 32;
    options.context.overlap = 8;
    options.context.chunk_store = store;
    options.as_written = true;
    Session reader(engine(), options);
    reader.read(text);
    return reader.ask(question, few(3)).timings;
  };
  EXPECT_EQ(ask("Who?").found_tokens, 0);
  const Timings again = ask("When is it?");
  EXPECT_GT(again.found_tokens, again.prompt_tokens / 2);
  EXPECT_LE(again.found_tokens, again.read_tokens);
}

TEST_F(Turns, AForkIsPromisedOnlyWhatItAdds) {
  auto base = session("full");
  base.read(words(60));
  base.settle();
  auto fork = base.fork();
  ASSERT_TRUE(fork.has_value());
  EXPECT_NO_THROW(fork->expect(900));
  EXPECT_THROW(fork->expect(5000), TextTooLong);
}

}  // namespace
}  // namespace focusllm::test

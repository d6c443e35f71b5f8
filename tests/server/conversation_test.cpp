#include "server/conversation.h"

#include <gtest/gtest.h>

#include "server/api_error.h"
#include "server/prompt.h"
#include "support/tiny_chat.h"

namespace focusllm::server {
namespace {

using Role = Message::Role;

void expect_split(const std::string& whole, const std::string& question) {
  const UserMessage message = split_message({whole});
  EXPECT_EQ(message.question, question);
  EXPECT_EQ(message.text + message.question, whole);
}

TEST(Conversations, AShortMessageIsAQuestion) {
  expect_split("", "");
  expect_split("Why?", "Why?");
  expect_split("One line.\nAnother.", "One line.\nAnother.");
}

TEST(Conversations, TheLastParagraphIsTheQuestion) {
  expect_split("A text.\n\nWhy?", "Why?");
  expect_split("A text.\n\nMore.\n\nWhy?\n\n", "Why?\n\n");
  expect_split("A text.\n\n\n\nWhy?\n", "Why?\n");
  expect_split("\n\nWhy?", "Why?");
  expect_split("Why?\n\n", "Why?\n\n");
  expect_split("\n\n", "\n\n");
}

TEST(Conversations, InALongParagraphTheLastLineSentenceOrWord) {
  const std::string line(3000, 'x');
  expect_split(line + "\nWhy?", "Why?");
  expect_split(line + ". Who is it?", "Who is it?");
  expect_split(line + " word", "word");
  expect_split(line, std::string(kMostQuestion, 'x'));
  expect_split("Early.\n\n" + line + "\nWhy?\n", "Why?\n");
  std::string letters;
  for (int i = 0; i < 2000; ++i) letters += "\u00e9";
  EXPECT_EQ(split_message({"a" + letters}).text.size() % 2, 1U);  // no character is cut
}

TEST(Conversations, OfPartsTheLastIsTheQuestion) {
  const UserMessage message = split_message({"A.\n\nB", "C", "Why\n\nnot?"});
  EXPECT_EQ(message.text, "A.\n\nB\n\nC\n\n");
  EXPECT_EQ(message.question, "Why\n\nnot?");
}

TEST(Conversations, RolesHaveAnOrder) {
  const Message system{Role::system, {"s"}}, user{Role::user, {"u"}}, assistant{Role::assistant, {"a"}};
  const Conversation made = conversation_of({system, system, user, assistant, user, user});
  EXPECT_EQ(made.system, "s\n\ns");
  ASSERT_EQ(made.before.size(), 1U);
  EXPECT_EQ(made.before[0].user.question, "u");
  EXPECT_EQ(made.before[0].answer, "a");
  EXPECT_EQ(made.last.text, "u\n\n");
  EXPECT_EQ(made.last.question, "u");
  EXPECT_THROW(conversation_of({}), ApiError);
  EXPECT_THROW(conversation_of({system}), ApiError);
  EXPECT_THROW(conversation_of({assistant, user}), ApiError);
  EXPECT_THROW(conversation_of({user, assistant}), ApiError);
  EXPECT_THROW(conversation_of({user, assistant, assistant, user}), ApiError);
  EXPECT_THROW(conversation_of({user, assistant, system, user}), ApiError);
}

TEST(Conversations, KeysOfOneConversationBeginAlike) {
  const auto key = [](const std::vector<Message>& messages, std::string_view owner = "") {
    return key_of(owner, conversation_of(messages)).string();
  };
  const Message text{Role::user, {"A text.\n\nWhy?"}}, answer{Role::assistant, {"So."}},
      next{Role::user, {"And?"}};
  const std::string longer = key({text, answer, next});
  EXPECT_TRUE(longer.starts_with(key({text})));
  EXPECT_TRUE(key({{Role::user, {"A text.\n\nWho?"}}}) == key({text}));
  EXPECT_FALSE(longer.starts_with(key({text}, "key 1")));
  EXPECT_FALSE(longer.starts_with(key({{Role::system, {"s"}}, text})));
  EXPECT_FALSE(longer.starts_with(key({{Role::user, {"A text\n\nWhy?"}}})));
}

TEST(Conversations, PromptsHaveTheTokensOfASession) {
  const auto engine = focusllm::test::tiny_chat_engine();
  const Conversation made{"Be kind.", {{{"", "Hello"}, "Hi  there "}}, {"First part.\n\n", "Why?"}};
  const auto chat = ChatTemplate::of("", engine->tokenizer());
  const auto ids = tokens_of(made, engine->tokenizer(), *chat);
  Session::Options options;
  options.as_written = true;
  options.system = made.system;
  Session session(engine, options);
  session.take_turn("Hello", "Hi  there ");
  session.read("First part.\n\n");
  AskOptions ask;
  ask.max_tokens = 1;
  EXPECT_EQ(session.ask("Why?", ask).timings.prompt_tokens, std::ssize(ids));
  EXPECT_EQ(session.text(0, std::ssize(ids)), engine->tokenizer().decode(ids));
}

}  // namespace
}  // namespace focusllm::server

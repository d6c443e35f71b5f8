// The templates' texts equal what Jinja makes of the publishers' templates.
#include "tokenizer/chat_template.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "small_vocabulary.h"
#include "tokenizer/byte_level_bpe.h"

namespace focusllm {
namespace {

using testing::HasSubstr;

std::string dialogue(const ChatTemplate& chat, const Tokenizer& tokenizer, const std::string& system) {
  return tokenizer.decode(chat.open(system), true) + tokenizer.decode(chat.words("One?")) +
         tokenizer.decode(chat.answer(), true) + "Two." + tokenizer.decode(chat.next(), true) +
         tokenizer.decode(chat.words("Three?")) + tokenizer.decode(chat.answer(), true);
}

/// A model's answer begins with the space or the line end that some templates put there themselves.
std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

TEST(ChatTemplate, EqualsJinja) {
  std::ifstream file(std::string(FOCUSLLM_SOURCE_DIR) + "/tests/golden/tokenizer_chat.json");
  ASSERT_TRUE(file);
  for (const auto& entry : nlohmann::json::parse(file)) {
    auto vocabulary = small_byte_level(entry.at("template"));
    vocabulary->add_bos = entry.at("plain").get<std::string>().starts_with("<s>");
    const ByteLevelBpe tokenizer(vocabulary);
    const auto chat = ChatTemplate::recognise(tokenizer);
    EXPECT_EQ(chat->name(), entry.at("family").get<std::string>());
    EXPECT_EQ(without_spaces(dialogue(*chat, tokenizer, "")), without_spaces(entry.at("plain")))
        << chat->name();
    if (!entry.contains("system")) continue;
    EXPECT_EQ(without_spaces(dialogue(*chat, tokenizer, "Be brief.")), without_spaces(entry.at("system")))
        << chat->name();
  }
}

TEST(ChatTemplate, ChatmlToTheLetter) {
  const ByteLevelBpe tokenizer(small_byte_level("<|im_start|>", {"<|im_start|>", "<|im_end|>"}));
  const auto chat = ChatTemplate::recognise(tokenizer);
  EXPECT_EQ(tokenizer.decode(chat->open(""), true), "<s><|im_start|>user\n");
  EXPECT_EQ(tokenizer.decode(chat->answer(), true), "<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(tokenizer.decode(chat->next(), true), "<|im_end|>\n<|im_start|>user\n");
  for (const Token id : chat->words("<|im_end|>")) EXPECT_FALSE(tokenizer.is_control(id));
  const std::vector<Token> hostile = chat->open("<|im_end|>");
  EXPECT_EQ(std::count_if(hostile.begin(), hostile.end(), [&](Token id) { return tokenizer.is_control(id); }),
            4);
}

TEST(ChatTemplate, UnknownOnesNameRaw) {
  for (const char* text : {"", "{{ messages }}", "<|im_start|>a<|im_sep|>"}) {
    const ByteLevelBpe tokenizer(small_byte_level(text));
    try {
      ChatTemplate::recognise(tokenizer);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("--raw"));
    }
  }
  const ByteLevelBpe tokenizer(small_byte_level());
  EXPECT_THROW(ChatTemplate::named("nonsense", tokenizer), UsageError);
}

}  // namespace
}  // namespace focusllm

// The templates' texts equal what Jinja makes of the publishers' templates.
#include "focusllm/chat_template.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "small_vocabulary.h"
#include "tokenizer/byte_level_bpe.h"
#include "tokenizer/sentence_piece.h"

namespace focusllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Ids = std::vector<Token>;

/// `ids` and a user's words behind them, with what asks for the answer.
Ids with_words(const ChatTemplate& chat, Ids ids, std::string_view words) {
  const Ids said = chat.words(words, ids), answer = chat.answer();
  ids.insert(ids.end(), said.begin(), said.end());
  ids.insert(ids.end(), answer.begin(), answer.end());
  return ids;
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
    EXPECT_EQ(tokenizer.decode(with_words(*chat, chat->open(""), "One?"), true) +
                  entry.at("answer").get<std::string>() +
                  tokenizer.decode(with_words(*chat, chat->next(), "Three?"), true),
              entry.at("plain").get<std::string>())
        << chat->name();
    if (!entry.contains("system")) continue;
    EXPECT_EQ(tokenizer.decode(with_words(*chat, chat->open("Be brief."), "One?"), true),
              entry.at("system").get<std::string>())
        << chat->name();
  }
}

/// SentencePiece with Mistral's control tokens, or without, as before v0.3.
std::shared_ptr<Vocabulary> mistral(const std::string& chat_template, bool control) {
  auto vocabulary = small_sentence_piece();
  vocabulary->chat_template = chat_template;
  for (const char* name : {"[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"}) {
    if (!control) continue;
    vocabulary->texts.emplace_back(name);
    vocabulary->kinds.push_back(Vocabulary::control);
    vocabulary->scores.push_back(0);
  }
  vocabulary->complete();
  return vocabulary;
}

Token id_of(const Tokenizer& tokenizer, const std::string& name) {
  const Ids ids = tokenizer.encode_continued(name, true);
  EXPECT_EQ(ids.size(), 1U) << name;
  return ids.front();
}

TEST(ChatTemplate, MistralsSpacesAreTheTemplatesOwn) {
  const std::string loose = "{{ bos_token }}{{ '[INST] ' + message['content'] + '[/INST]' }}";
  const std::string tight = "{{ bos_token }}{{ '[INST]' + message['content'] + '[/INST]' }}";
  const std::string seven = loose + "{{ '[SYSTEM_PROMPT] ' + system + '[/SYSTEM_PROMPT]' }}";
  const SentencePiece v3(mistral(loose, true)), tekken(mistral(tight, true)), v7(mistral(seven, true));
  const Token open = id_of(v3, "[INST]"), close = id_of(v3, "[/INST]"), word = v3.encode("a").front();
  EXPECT_EQ(v3.piece(word), " a");
  const auto chat = ChatTemplate::recognise(v3);
  EXPECT_THAT(with_words(*chat, chat->open(""), "a"), ElementsAre(1, open, word, close)) << "v0.3";
  EXPECT_THAT(with_words(*chat, chat->next(), "a"), ElementsAre(2, open, word, close));
  const Ids plain = v3.encode_continued("a\n\nab");
  Ids system = {1, open, word};
  system.insert(system.end(), plain.begin() + 1, plain.end());
  system.push_back(close);
  EXPECT_EQ(with_words(*chat, chat->open("a"), "ab"), system) << "one space, before the system message";
  const auto without = ChatTemplate::recognise(tekken);
  EXPECT_THAT(with_words(*without, without->open(""), "a"), ElementsAre(1, open, plain.front(), close));
  const auto before = ChatTemplate::recognise(v7);
  EXPECT_THAT(
      with_words(*before, before->open("a"), "a"),
      ElementsAre(1, id_of(v7, "[SYSTEM_PROMPT]"), word, id_of(v7, "[/SYSTEM_PROMPT]"), open, word, close));
}

TEST(ChatTemplate, ATurnBeginsWithOneSpace) {
  for (const char* text : {"{{ ' [INST] ' + message['content'] + ' [/INST]' }}",
                           "{{ '[INST] ' + message['content'] + ' [/INST]' }}"}) {
    const SentencePiece tokenizer(mistral(text, false));
    const auto chat = ChatTemplate::recognise(tokenizer);
    EXPECT_EQ(tokenizer.decode(with_words(*chat, chat->open(""), "ab")), " [INST] ab [/INST]") << text;
    EXPECT_EQ(tokenizer.decode(with_words(*chat, chat->next(), "ab")), " [INST] ab [/INST]") << text;
    EXPECT_EQ(with_words(*chat, chat->open(""), "ab"), [&] {
      Ids ids = tokenizer.encode("[INST] ab [/INST]");
      ids.insert(ids.begin(), 1);
      return ids;
    }());
  }
}

TEST(ChatTemplate, WhatItMayGetWrongIsSaid) {
  const auto guessed = [](const std::string& text) {
    const ByteLevelBpe tokenizer(small_byte_level(text));
    return ChatTemplate::recognise(tokenizer)->guessed();
  };
  std::ifstream file(std::string(FOCUSLLM_SOURCE_DIR) + "/tests/golden/tokenizer_chat.json");
  for (const auto& entry : nlohmann::json::parse(file))
    EXPECT_THAT(guessed(entry.at("template")), IsEmpty()) << entry.at("family");
  EXPECT_THAT(guessed("<|im_start|>{{ role }}:{{ content }}<|im_end|>"), ElementsAre(HasSubstr("chatml")));
  EXPECT_THAT(
      guessed("{{ 'Cutting Knowledge Date: ' }}<|start_header_id|>assistant<|end_header_id|>\n\n<|eot_id|>"),
      ElementsAre(HasSubstr("system message")));
}

TEST(ChatTemplate, ChatmlToTheLetter) {
  const ByteLevelBpe tokenizer(small_byte_level("<|im_start|><|im_end|>", {"<|im_start|>", "<|im_end|>"}));
  const auto chat = ChatTemplate::recognise(tokenizer);
  EXPECT_EQ(tokenizer.decode(chat->open(""), true), "<s><|im_start|>user\n");
  EXPECT_EQ(tokenizer.decode(chat->answer(), true), "<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(tokenizer.decode(chat->next(), true), "<|im_end|>\n<|im_start|>user\n");
  for (const Token id : chat->words("<|im_end|>", chat->open(""))) EXPECT_FALSE(tokenizer.is_control(id));
  const std::vector<Token> hostile = chat->open("<|im_end|>");
  EXPECT_EQ(std::count_if(hostile.begin(), hostile.end(), [&](Token id) { return tokenizer.is_control(id); }),
            4);
}

TEST(ChatTemplate, UnknownOnesAreAnErrorOfTheirOwn) {
  for (const char* text : {"", "{{ messages }}", "<|im_start|>a<|im_sep|>", "<|im_start|>a<end_of_utterance>",
                           "<|user|>a<|assistant|>b"}) {
    const ByteLevelBpe tokenizer(small_byte_level(text));
    EXPECT_THROW(ChatTemplate::recognise(tokenizer), UnknownChatTemplate) << text;
    EXPECT_THROW(ChatTemplate::of("", tokenizer), UnknownChatTemplate) << text;
    EXPECT_EQ(ChatTemplate::of("gemma", tokenizer)->name(), "gemma");
  }
}

TEST(ChatTemplate, AllOfThemHaveNames) {
  const ByteLevelBpe tokenizer(small_byte_level());
  for (const std::string& name : ChatTemplate::names())
    EXPECT_EQ(ChatTemplate::named(name, tokenizer)->name(), name);
  try {
    ChatTemplate::named("nonsense", tokenizer);
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("chatml, llama2, llama3"));
  }
}

}  // namespace
}  // namespace focusllm

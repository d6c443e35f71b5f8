// What must hold for any text: pieces may be cut at stable places, streaming gives whole characters only.
#include <random>

#include <gtest/gtest.h>

#include "small_vocabulary.h"
#include "tokenizer/byte_level_bpe.h"
#include "tokenizer/sentence_piece.h"
#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

const std::vector<std::string>& parts() {
  static const std::vector<std::string> all = {"a",        "b",          "ab",
                                               "word",     "Word",       " ",
                                               "  ",       "\n",         "\n\n",
                                               "\t",       "\r\n",       "1",
                                               "22",       "'s",         "'",
                                               "'ll",      ".",          "...",
                                               "!",        "<b>",        "</s>",
                                               "<s>",      "語",         "文。",
                                               "é",        "e\xcc\x81",  "😀",
                                               "\xf0\x9f", "\xe2",       "\x80",
                                               "\xff",     "\xc0\x80",   "\xe2\x96\x81",
                                               "<0x0A>",   "<|im_end|>", "\xed\xa0\x80",
                                               "\x00\x01", "▁▁",         "   ",
                                               "_",        "-"};
  return all;
}

std::string random_text(std::mt19937& random) {
  std::string text;
  for (std::size_t n = random() % 25; n > 0; --n) text += parts()[random() % parts().size()];
  return text;
}

std::vector<std::shared_ptr<const Tokenizer>> tokenizers() {
  std::vector<std::shared_ptr<const Tokenizer>> all = {
      std::make_shared<ByteLevelBpe>(small_byte_level()),
      std::make_shared<SentencePiece>(small_sentence_piece())};
  const auto tekken = small_byte_level();
  tekken->pre = "tekken";
  all.push_back(std::make_shared<ByteLevelBpe>(tekken));
  for (const char* model : {"SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m-q4_k_m.gguf"}) {
    if (auto tokenizer = model_tokenizer(model)) all.push_back(std::move(tokenizer));
  }
  return all;
}

TEST(TokenizerProperty, StablePrefixCutsNothing) {
  std::mt19937 random(1);
  for (const auto& tokenizer : tokenizers()) {
    int cut = 0;
    for (int i = 0; i < 4000; ++i) {
      const std::string read = random_text(random);
      const std::size_t at = tokenizer->stable_prefix(read);
      ASSERT_LE(at, read.size());
      if (at == 0) continue;
      ++cut;
      const std::string whole = read + random_text(random);
      std::vector<Token> ids = tokenizer->encode(whole.substr(0, at));
      const std::vector<Token> rest = tokenizer->encode_continued(std::string_view(whole).substr(at));
      ids.insert(ids.end(), rest.begin(), rest.end());
      ASSERT_EQ(ids, tokenizer->encode(whole)) << testing::PrintToString(whole) << " at " << at;
    }
    EXPECT_GT(cut, 1000);
  }
}

TEST(TokenizerProperty, StreamGivesWholeCharacters) {
  std::mt19937 random(2);
  for (const auto& tokenizer : tokenizers()) {
    for (int i = 0; i < 1000; ++i) {
      StreamDecoder decoder(*tokenizer);
      std::vector<Token> ids;
      std::string streamed;
      for (std::size_t n = random() % 30; n > 0; --n) {
        ids.push_back(static_cast<Token>(
            random() % static_cast<std::size_t>(std::min<std::int64_t>(tokenizer->size(), 500))));
        const std::string piece = decoder.add(ids.back());
        std::string copy = piece;
        ASSERT_EQ(take_utf8(copy, true), piece);
        streamed += piece;
      }
      streamed += decoder.finish();
      std::string whole = tokenizer->decode(ids);
      EXPECT_EQ(streamed, take_utf8(whole, true));
    }
  }
}

TEST(TokenizerProperty, ValidTextComesBack) {
  std::mt19937 random(3);
  for (const auto& tokenizer : tokenizers()) {
    if (tokenizer->adds_space_prefix()) continue;
    for (int i = 0; i < 1000; ++i) {
      std::string raw = random_text(random);
      std::string text = take_utf8(raw, true);
      if (tokenizer->size() > 200000 && text.find("▁") != std::string::npos)
        continue;  // it is the space there
      std::string back = tokenizer->decode(tokenizer->encode(text), true);
      // Names of byte tokens and of user-defined ones that end a turn are not text that comes back.
      if (text.find("<0x0A>") != std::string::npos || text.find("</s>") != std::string::npos) continue;
      EXPECT_EQ(back, text);
    }
  }
}

TEST(TokenizerProperty, TextNeverBecomesControl) {
  for (const auto& tokenizer : tokenizers()) {
    for (Token token = 0; token < tokenizer->size(); ++token) {
      if (!tokenizer->is_control(token)) continue;
      for (const Token id : tokenizer->encode("a " + tokenizer->piece(token, true) + " b")) {
        ASSERT_FALSE(tokenizer->is_control(id)) << tokenizer->piece(token, true);
      }
    }
  }
}

}  // namespace
}  // namespace focusllm

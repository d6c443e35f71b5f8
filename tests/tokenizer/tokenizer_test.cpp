#include "focusllm/tokenizer.h"

#include <algorithm>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "small_vocabulary.h"
#include "tokenizer/byte_level_bpe.h"
#include "tokenizer/sentence_piece.h"
#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ByteLevelBpe, MergesByRank) {
  const ByteLevelBpe bpe(small_byte_level());
  EXPECT_THAT(bpe.encode("abc"), ElementsAre(260));
  EXPECT_THAT(bpe.encode("abab"), ElementsAre(258, 258));
  EXPECT_THAT(bpe.encode(""), ElementsAre());
}

TEST(ByteLevelBpe, ControlNamesOnlyWhereAsked) {
  const ByteLevelBpe bpe(small_byte_level());
  EXPECT_THAT(bpe.encode("<s>", true), ElementsAre(256));
  EXPECT_THAT(bpe.encode("<s>"), ElementsAre('<', 's', '>'));
  EXPECT_EQ(bpe.piece(256), "");
  EXPECT_EQ(bpe.piece(256, true), "<s>");
  EXPECT_TRUE(bpe.is_end(257));
}

TEST(SentencePiece, PrefixBytesAndNoControl) {
  const SentencePiece model(small_sentence_piece());
  EXPECT_EQ(model.decode(model.encode("ab é")), " ab é");
  EXPECT_EQ(model.decode(model.encode_continued("ab é")), "ab é");
  for (const Token id : model.encode("<s>")) EXPECT_FALSE(model.is_control(id));
  EXPECT_THAT(model.encode_continued("<s>", true), ElementsAre(1));
}

TEST(Vocabulary, ErrorsNameTheKey) {
  const auto broken = [](auto&& change) {
    return error_of([&] {
      auto vocabulary = small_byte_level();
      change(*vocabulary);
      vocabulary->complete();
      ByteLevelBpe bpe(vocabulary);
    });
  };
  EXPECT_THAT(broken([](Vocabulary& v) { v.kinds.pop_back(); }), HasSubstr("tokenizer.ggml.token_type"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.scores.pop_back(); }), HasSubstr("tokenizer.ggml.scores"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.scores[3] = NAN; }), HasSubstr("tokenizer.ggml.scores"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.texts[3] = v.texts[4]; }), HasSubstr("tokenizer.ggml.tokens"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.merges.clear(); }), HasSubstr("tokenizer.ggml.merges"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.merges[0] = "ab"; }), HasSubstr("tokenizer.ggml.merges"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.bos.reset(); }), HasSubstr("tokenizer.ggml.bos_token_id"));
  EXPECT_THAT(broken([](Vocabulary& v) { v.pre = "gpt-4o"; }), HasSubstr("smollm"));
}

TEST(Unicode, StreamsHoldBackOnlyWhatMayBecomeValid) {
  std::string pending = "a\xe2\x82";
  EXPECT_EQ(take_utf8(pending, false), "a");
  EXPECT_EQ(pending, "\xe2\x82");
  pending += "\xac\xff\xf0\x9f";
  EXPECT_EQ(take_utf8(pending, false), "€\xef\xbf\xbd");
  EXPECT_EQ(take_utf8(pending, true), "\xef\xbf\xbd");
  EXPECT_EQ(pending, "");
}

/// Seconds of the processor, not of the clock, that it takes to encode a run of one character. It must come
/// back.
double seconds_to_encode(const Tokenizer& tokenizer, char character, std::size_t count) {
  const std::string text(count, character);
  const std::clock_t start = std::clock();
  const std::vector<Token> ids = tokenizer.encode_continued(text);
  const std::clock_t end = std::clock();
  EXPECT_EQ(tokenizer.decode(ids), text) << count << " times " << testing::PrintToString(character);
  return static_cast<double>(end - start) / CLOCKS_PER_SEC;
}

TEST(Tokenizer, LongRunsAreNotQuadratic) {
#ifdef FOCUSLLM_SANITIZE
  constexpr std::size_t kLong = 160000;
#else
  constexpr std::size_t kLong = 1000000;
#endif
  constexpr std::size_t kTimes = 20;
  std::vector<std::shared_ptr<const Tokenizer>> all = {
      std::make_shared<ByteLevelBpe>(small_byte_level()),
      std::make_shared<SentencePiece>(small_sentence_piece())};
  for (const char* model : {"SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m-q4_k_m.gguf"}) {
    if (auto tokenizer = model_tokenizer(model)) all.push_back(std::move(tokenizer));
  }
  for (const auto& tokenizer : all) {
    for (const char c : {'a', ' ', '\n', '='}) {
      const double part = seconds_to_encode(*tokenizer, c, kLong / kTimes);
      // Quadratic growth would be kTimes^2; caches and allocation of the long run may cost some more.
      EXPECT_LT(seconds_to_encode(*tokenizer, c, kLong), std::max(part, 0.001) * kTimes * 5)
          << testing::PrintToString(c);
    }
  }
}

}  // namespace
}  // namespace focusllm

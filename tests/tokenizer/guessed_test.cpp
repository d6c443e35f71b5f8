// What a file leaves out and the tokenizer has to guess is said, and nothing else is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/writer.h"
#include "small_vocabulary.h"
#include "tokenizer/vocabulary.h"

namespace focusllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The metadata of a small vocabulary, complete.
gguf::Writer metadata_of(const Vocabulary& vocabulary) {
  gguf::Writer writer;
  writer.set("general.architecture", "llama");
  writer.set("tokenizer.ggml.model", vocabulary.model.c_str());
  writer.set("tokenizer.ggml.tokens", vocabulary.texts);
  writer.set("tokenizer.ggml.scores", vocabulary.scores);
  if (!vocabulary.merges.empty()) writer.set("tokenizer.ggml.merges", vocabulary.merges);
  return writer;
}

void add_types(const Vocabulary& vocabulary, gguf::Writer& writer) {
  std::vector<std::int32_t> types;
  for (const std::uint8_t kind : vocabulary.kinds)
    types.push_back((kind & Vocabulary::control) != 0   ? 3
                    : (kind & Vocabulary::unknown) != 0 ? 2
                    : (kind & Vocabulary::byte) != 0    ? 6
                                                        : 1);
  writer.set("tokenizer.ggml.token_type", types);
}

void add_ids(const Vocabulary& vocabulary, gguf::Writer& writer) {
  writer.set("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(*vocabulary.bos));
  writer.set("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(*vocabulary.eos));
  if (vocabulary.unknown_token)
    writer.set("tokenizer.ggml.unknown_token_id", static_cast<std::uint32_t>(*vocabulary.unknown_token));
}

std::vector<std::string> guessed(const gguf::Writer& writer) {
  const std::vector<std::byte> bytes = writer.bytes();
  return Tokenizer::load(*gguf::File::parse(bytes, "small.gguf"))->guessed();
}

TEST(Guessed, NothingOfACompleteFile) {
  for (const auto& vocabulary : {small_byte_level(), small_sentence_piece()}) {
    gguf::Writer writer = metadata_of(*vocabulary);
    writer.set("tokenizer.ggml.pre", "gpt-2");
    add_types(*vocabulary, writer);
    add_ids(*vocabulary, writer);
    EXPECT_THAT(guessed(writer), IsEmpty());
  }
}

TEST(Guessed, ThePreTokenizer) {
  const auto vocabulary = small_byte_level();
  gguf::Writer writer = metadata_of(*vocabulary);
  add_types(*vocabulary, writer);
  add_ids(*vocabulary, writer);
  EXPECT_THAT(guessed(writer), ElementsAre(HasSubstr("tokenizer.ggml.pre")));
  const auto words = small_sentence_piece();
  gguf::Writer other = metadata_of(*words);
  add_types(*words, other);
  add_ids(*words, other);
  EXPECT_THAT(guessed(other), IsEmpty()) << "SentencePiece has no pre-tokenizer";
}

TEST(Guessed, TheKindsOfTokens) {
  const auto vocabulary = small_byte_level();
  gguf::Writer writer = metadata_of(*vocabulary);
  writer.set("tokenizer.ggml.pre", "gpt-2");
  add_ids(*vocabulary, writer);
  EXPECT_THAT(guessed(writer), ElementsAre(HasSubstr("tokenizer.ggml.token_type")));
}

TEST(Guessed, TheIdsOfSpecialTokens) {
  const auto vocabulary = small_sentence_piece();
  gguf::Writer writer = metadata_of(*vocabulary);
  add_types(*vocabulary, writer);
  EXPECT_THAT(guessed(writer),
              ElementsAre(HasSubstr("tokenizer.ggml.bos_token_id"), HasSubstr("tokenizer.ggml.eos_token_id"),
                          HasSubstr("tokenizer.ggml.unknown_token_id")));
}

}  // namespace
}  // namespace focusllm

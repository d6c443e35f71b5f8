#include "focusllm/tokenizer.h"

#include <charconv>

#include "base/error.h"
#include "tokenizer/byte_level_bpe.h"
#include "tokenizer/sentence_piece.h"
#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

/// The byte of "<0x41>"; the text itself if it is not of that form.
std::string byte_piece(const std::string& text) {
  unsigned value = 0;
  const char* digits = text.data() + 3;
  if (text.size() != 6 || !text.starts_with("<0x")) return text;
  if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return text;
  return {static_cast<char>(value)};
}

}  // namespace

std::shared_ptr<const Tokenizer> Tokenizer::load(const gguf::File& file) {
  auto vocabulary = std::make_shared<Vocabulary>();
  read_vocabulary(file, *vocabulary);
  if (vocabulary->model == "llama") return std::make_shared<SentencePiece>(std::move(vocabulary));
  auto bpe = std::make_shared<ByteLevelBpe>(vocabulary);
  vocabulary->merges = {};  // they live in the tokenizer's own form now
  return bpe;
}

Tokenizer::Tokenizer(std::shared_ptr<const Vocabulary> vocabulary, bool adds_bos)
    : vocabulary_(std::move(vocabulary)), adds_bos_(vocabulary_->add_bos.value_or(adds_bos)) {
  if (adds_bos_ && !vocabulary_->bos) {
    fail("the file asks for a BOS token but tokenizer.ggml.bos_token_id is missing");
  }
}

void Tokenizer::check_text_size(std::string_view text) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  if (text.size() >= kMost) fail("a text of {} bytes is too long to encode at once (1 GiB)", text.size());
}

std::string Tokenizer::piece(Token token, bool special) const {
  if (token < 0 || token >= size()) fail("token {} is outside of the vocabulary of {}", token, size());
  const std::string& text = vocabulary_->texts[static_cast<std::size_t>(token)];
  if (vocabulary_->is(token, Vocabulary::control | Vocabulary::unknown))
    return special ? text : std::string();
  if (vocabulary_->is(token, Vocabulary::user_defined)) return text;
  if (vocabulary_->is(token, Vocabulary::byte)) return byte_piece(text);
  return vocabulary_->is(token, Vocabulary::normal) ? plain_piece(text) : std::string();
}

std::string Tokenizer::decode(std::span<const Token> tokens, bool special) const {
  std::string text;
  for (const Token token : tokens) text += piece(token, special);
  return text;
}

std::int64_t Tokenizer::size() const {
  return vocabulary_->size();
}

bool Tokenizer::is_control(Token token) const {
  return token >= 0 && token < size() && vocabulary_->is(token, Vocabulary::control);
}

bool Tokenizer::is_end(Token token) const {
  return token >= 0 && token < size() && vocabulary_->ends[static_cast<std::size_t>(token)];
}

std::optional<Token> Tokenizer::bos() const {
  return vocabulary_->bos;
}
std::optional<Token> Tokenizer::eos() const {
  return vocabulary_->eos;
}
bool Tokenizer::adds_bos() const {
  return adds_bos_;
}
const std::vector<std::string>& Tokenizer::guessed() const {
  return vocabulary_->guessed;
}
const std::string& Tokenizer::chat_template() const {
  return vocabulary_->chat_template;
}
bool Tokenizer::adds_space_prefix() const {
  return vocabulary_->model == "llama" && vocabulary_->add_space_prefix.value_or(true);
}

std::string StreamDecoder::add(Token token) {
  pending_ += tokenizer_.piece(token);
  return take_utf8(pending_, false);
}

std::string StreamDecoder::finish() {
  return take_utf8(pending_, true);
}

}  // namespace focusllm

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "tokenizer/vocabulary.h"

namespace focusllm {
namespace {

/// GGUF's token types are 1 to 6 in the order of Kind's bits: normal, unknown, control, user-defined, unused,
/// byte.
std::uint8_t kind_of(std::int64_t type) {
  if (type < 0 || type > 6) fail("tokenizer.ggml.token_type holds {}; 0 to 6 are known", type);
  return type == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(1U << (type - 1));
}

std::optional<Token> token_id(const gguf::File& file, const char* key, std::size_t tokens) {
  const std::optional<std::int64_t> id = file.integer(key);
  if (!id || *id == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;  // -1: none
  if (*id < 0 || static_cast<std::uint64_t>(*id) >= tokens) {
    fail("{} is {}, outside of the {} tokens", key, *id, tokens);
  }
  return static_cast<Token>(*id);
}

void read_tokens(const gguf::File& file, Vocabulary& vocabulary) {
  const auto texts = file.strings("tokenizer.ggml.tokens");
  if (texts.size() > static_cast<std::size_t>(std::numeric_limits<Token>::max())) {
    fail("tokenizer.ggml.tokens has {} entries, more than ids can number", texts.size());
  }
  vocabulary.texts.assign(texts.begin(), texts.end());
  const auto types = file.integers("tokenizer.ggml.token_type");
  vocabulary.kinds.assign(file.find("tokenizer.ggml.token_type") ? 0 : texts.size(), Vocabulary::normal);
  for (const std::int64_t type : types) vocabulary.kinds.push_back(kind_of(type));
  for (const double score : file.numbers("tokenizer.ggml.scores")) {
    vocabulary.scores.push_back(static_cast<float>(score));
  }
}

void read_special(const gguf::File& file, Vocabulary& vocabulary) {
  const std::size_t tokens = vocabulary.texts.size();
  vocabulary.bos = token_id(file, "tokenizer.ggml.bos_token_id", tokens);
  vocabulary.eos = token_id(file, "tokenizer.ggml.eos_token_id", tokens);
  vocabulary.unknown_token = token_id(file, "tokenizer.ggml.unknown_token_id", tokens);
  vocabulary.ends.resize(tokens);
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    if (const auto id = token_id(file, key, tokens)) vocabulary.ends[static_cast<std::size_t>(*id)] = true;
  }
  vocabulary.add_bos = file.boolean("tokenizer.ggml.add_bos_token");
  vocabulary.add_space_prefix = file.boolean("tokenizer.ggml.add_space_prefix");
}

/// SentencePiece's own numbering, for files that leave it out.
void default_special(Vocabulary& vocabulary) {
  if (vocabulary.size() < 3) return;
  if (!vocabulary.bos) vocabulary.bos = 1;
  if (!vocabulary.eos) {
    vocabulary.eos = 2;
    vocabulary.ends[2] = true;
  }
  if (!vocabulary.unknown_token) vocabulary.unknown_token = 0;
}

}  // namespace

void read_vocabulary(const gguf::File& file, Vocabulary& vocabulary) {
  vocabulary.model = file.require_string("tokenizer.ggml.model");
  if (vocabulary.model != "gpt2" && vocabulary.model != "llama") {
    fail("tokenizer.ggml.model is '{}', which is not supported; supported are: gpt2, llama",
         vocabulary.model);
  }
  vocabulary.pre = file.string("tokenizer.ggml.pre").value_or("default");
  read_tokens(file, vocabulary);
  read_special(file, vocabulary);
  if (vocabulary.model == "llama") default_special(vocabulary);
  if (vocabulary.model == "gpt2") {
    const auto merges = file.strings("tokenizer.ggml.merges");
    vocabulary.merges.assign(merges.begin(), merges.end());
  }
  vocabulary.chat_template = file.string("tokenizer.chat_template").value_or("");
  vocabulary.complete();
}

}  // namespace focusllm

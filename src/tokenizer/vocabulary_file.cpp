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

void read_kinds(const gguf::File& file, Vocabulary& vocabulary) {
  if (!file.find("tokenizer.ggml.token_type")) {
    vocabulary.kinds.assign(vocabulary.texts.size(), Vocabulary::normal);
    vocabulary.guessed.emplace_back(
        "tokenizer.ggml.token_type is missing: of all tokens only those that end a turn, by their names, are "
        "taken for control tokens");
  }
  for (const std::int64_t type : file.integers("tokenizer.ggml.token_type"))
    vocabulary.kinds.push_back(kind_of(type));
}

void read_tokens(const gguf::File& file, Vocabulary& vocabulary) {
  const auto texts = file.strings("tokenizer.ggml.tokens");
  if (texts.size() > static_cast<std::size_t>(std::numeric_limits<Token>::max())) {
    fail("tokenizer.ggml.tokens has {} entries, more than ids can number", texts.size());
  }
  vocabulary.texts.assign(texts.begin(), texts.end());
  read_kinds(file, vocabulary);
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
  const auto take = [&](std::optional<Token>& token, Token usual, const char* key) {
    if (token) return;
    token = usual;
    vocabulary.guessed.push_back(fmt::format("{} is missing: SentencePiece's usual {} is taken, '{}'", key,
                                             usual, vocabulary.texts[static_cast<std::size_t>(usual)]));
  };
  take(vocabulary.bos, 1, "tokenizer.ggml.bos_token_id");
  take(vocabulary.eos, 2, "tokenizer.ggml.eos_token_id");
  take(vocabulary.unknown_token, 0, "tokenizer.ggml.unknown_token_id");
  vocabulary.ends[static_cast<std::size_t>(*vocabulary.eos)] = true;
}

/// The name of the pre-tokenizer; llama.cpp takes "default" as well where there is none, and says so.
void read_pre(const gguf::File& file, Vocabulary& vocabulary) {
  const auto pre = file.string("tokenizer.ggml.pre");
  vocabulary.pre = pre.value_or("default");
  if (pre || vocabulary.model != "gpt2") return;
  vocabulary.guessed.emplace_back(
      "tokenizer.ggml.pre is missing: 'default' is taken, and the same text may give other tokens than in "
      "training");
}

}  // namespace

void read_vocabulary(const gguf::File& file, Vocabulary& vocabulary) {
  vocabulary.model = file.require_string("tokenizer.ggml.model");
  if (vocabulary.model != "gpt2" && vocabulary.model != "llama") {
    fail("tokenizer.ggml.model is '{}', which is not supported; supported are: gpt2, llama",
         vocabulary.model);
  }
  read_pre(file, vocabulary);
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

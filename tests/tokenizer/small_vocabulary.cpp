#include "small_vocabulary.h"

#include <filesystem>

#include <fmt/format.h>

#include "tokenizer/byte_level.h"
#include "tokenizer/vocabulary.h"

namespace focusllm {
namespace {

void add(Vocabulary& vocabulary, const std::string& text, std::uint8_t kind, float score = 0) {
  vocabulary.texts.push_back(text);
  vocabulary.kinds.push_back(kind);
  vocabulary.scores.push_back(score);
}

}  // namespace

std::shared_ptr<Vocabulary> small_byte_level(const std::string& chat_template,
                                             const std::vector<std::string>& control) {
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->model = "gpt2";
  vocabulary->pre = "gpt-2";
  for (unsigned byte = 0; byte < 256; ++byte) {
    add(*vocabulary, byte_level_character(static_cast<unsigned char>(byte)), Vocabulary::normal);
  }
  add(*vocabulary, "<s>", Vocabulary::control);
  add(*vocabulary, "</s>", Vocabulary::control);
  for (const char* text : {"ab", "bc", "abc"}) add(*vocabulary, text, Vocabulary::normal);
  for (const std::string& name : control) add(*vocabulary, name, Vocabulary::control);
  vocabulary->merges = {"b c", "a b", "a bc"};
  vocabulary->bos = 256;
  vocabulary->eos = 257;
  vocabulary->add_bos = true;
  vocabulary->chat_template = chat_template;
  vocabulary->complete();
  return vocabulary;
}

std::shared_ptr<Vocabulary> small_sentence_piece() {
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->model = "llama";
  add(*vocabulary, "<unk>", Vocabulary::unknown);
  add(*vocabulary, "<s>", Vocabulary::control);
  add(*vocabulary, "</s>", Vocabulary::control);
  for (unsigned byte = 0; byte < 256; ++byte)
    add(*vocabulary, fmt::format("<0x{:02X}>", byte), Vocabulary::byte);
  float score = 0;
  for (const char* text : {"▁a", "ab", "▁", "a", "b", "<s", "s>", "<", ">", "s"})
    add(*vocabulary, text, Vocabulary::normal, --score);
  vocabulary->bos = 1;
  vocabulary->eos = 2;
  vocabulary->unknown_token = 0;
  vocabulary->complete();
  return vocabulary;
}

std::shared_ptr<const Tokenizer> model_tokenizer(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(FOCUSLLM_SOURCE_DIR) / "models" / name;
  if (!std::filesystem::exists(path)) return nullptr;
  return Tokenizer::load(*gguf::File::open(path));
}

}  // namespace focusllm

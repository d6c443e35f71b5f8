// Ids equal to llama.cpp's over the corpus of tools/golden_tokenizer.py.
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "small_vocabulary.h"
#include "tokenizer/byte_level_bpe.h"
#include "tokenizer/sentence_piece.h"

namespace focusllm {
namespace {

constexpr const char* kSmolLm = "SmolLM2-135M-Instruct.Q4_1.gguf";
constexpr const char* kGemma = "gemma-3-270m-q4_k_m.gguf";

std::string from_hex(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return text;
}

void compare(const Tokenizer& tokenizer, const std::string& name) {
  std::ifstream file(std::string(FOCUSLLM_SOURCE_DIR) + "/tests/golden/tokenizer.jsonl");
  ASSERT_TRUE(file) << "the golden file is missing";
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const auto entry = nlohmann::json::parse(line);
    const std::string text = from_hex(entry.at("text"));
    const auto expected = entry.at("ids").at(name).get<std::vector<Token>>();
    EXPECT_EQ(tokenizer.encode(text, entry.at("special")), expected) << name << ": " << entry.at("text");
  }
  EXPECT_GT(cases, 200);
}

/// The model's vocabulary with some of its metadata changed; null where the model is missing.
template <typename Change>
std::shared_ptr<Vocabulary> changed(const char* model, Change&& change) {
  const auto path = std::filesystem::path(FOCUSLLM_SOURCE_DIR) / "models" / model;
  if (!std::filesystem::exists(path)) return nullptr;
  auto vocabulary = std::make_shared<Vocabulary>();
  read_vocabulary(*gguf::File::open(path), *vocabulary);
  change(*vocabulary);
  return vocabulary;
}

TEST(TokenizerGolden, SmolLm) {
  const auto tokenizer = model_tokenizer(kSmolLm);
  if (!tokenizer) GTEST_SKIP() << "no model";
  compare(*tokenizer, "smollm");
}

TEST(TokenizerGolden, Gemma) {
  const auto tokenizer = model_tokenizer(kGemma);
  if (!tokenizer) GTEST_SKIP() << "no model";
  compare(*tokenizer, "gemma");
}

TEST(TokenizerGolden, OtherPreTokenizers) {
  for (const std::string pre : {"gpt-2", "llama-bpe", "qwen2", "default", "falcon", "tekken"}) {
    const auto vocabulary = changed(kSmolLm, [&](Vocabulary& v) { v.pre = pre; });
    if (!vocabulary) GTEST_SKIP() << "no model";
    compare(ByteLevelBpe(vocabulary), pre);
  }
}

TEST(TokenizerGolden, SpacePrefix) {
  const auto vocabulary = changed(kGemma, [](Vocabulary& v) { v.add_space_prefix = true; });
  if (!vocabulary) GTEST_SKIP() << "no model";
  compare(SentencePiece(vocabulary), "gemma-prefix");
}

}  // namespace
}  // namespace focusllm

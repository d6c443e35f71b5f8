#include "support/tiny_engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/parts.h"
#include "gguf/writer.h"
#include "model/model.h"
#include "support/folder.h"

namespace focusllm::test {
namespace {

constexpr std::size_t kEnd = 2;  // the token that would end an answer

void add_tokenizer(gguf::Writer& writer, int vocabulary) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  for (int i = 3; i < vocabulary; ++i) {
    tokens.push_back(fmt::format("t{}", i));
    types.push_back(1);
  }
  writer.set("tokenizer.ggml.model", "llama");
  writer.set("tokenizer.ggml.tokens", tokens);
  writer.set("tokenizer.ggml.scores", std::vector<float>(tokens.size(), 0.0F));
  writer.set("tokenizer.ggml.token_type", types);
  writer.set("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  writer.set("tokenizer.ggml.eos_token_id", std::uint32_t{kEnd});
  writer.set("tokenizer.ggml.add_bos_token", false);
}

void write_model(const TinySizes& sizes, const std::filesystem::path& path) {
  const TinyModel tiny(sizes);
  gguf::Writer writer;
  for (const auto& entry : tiny.file->metadata()) writer.copy(entry);
  for (const auto& tensor : tiny.file->tensors()) {
    std::vector<std::byte> data(tensor.data.begin(), tensor.data.end());
    // Nothing is less likely: its logit is 0, and the largest is above that.
    const std::size_t row = static_cast<std::size_t>(sizes.width) * sizeof(float);
    if (tensor.name == "token_embd.weight") std::fill_n(data.begin() + kEnd * row, row, std::byte{0});
    writer.add(tensor.name, tensor.type, tensor.dims, std::move(data));
  }
  add_tokenizer(writer, sizes.vocabulary);
  writer.write(path);
}

}  // namespace

TinyEngine::TinyEngine(int threads, const TinySizes& sizes, EngineOptions options) {
  const Folder folder;  // a mapped file may go
  write_model(sizes, folder.path() / "tiny.gguf");
  options.threads = threads;
  options.find_adapter = false;
  engine = Engine::load(folder.path() / "tiny.gguf", options);
}

std::vector<Token> TinyEngine::tokens(std::int64_t count, unsigned seed) const {
  auto tokens = random_tokens(count, spec_of(*engine).vocabulary - 3, seed);
  for (Token& token : tokens) token += 3;
  return tokens;
}

}  // namespace focusllm::test

#include "support/tiny_chat.h"

#include <algorithm>

#include <fmt/format.h>

#include "gguf/writer.h"
#include "support/folder.h"

namespace focusllm::test {
namespace {

constexpr int kControls = 5, kBytes = 256, kCharacters = 95;
constexpr const char* kTemplate =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif "
    "%}";

void add_tokenizer(gguf::Writer& writer) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"};
  std::vector<std::int32_t> types{2, 3, 3, 3, 3};
  for (int i = 0; i < kBytes; ++i) {
    tokens.push_back(fmt::format("<0x{:02X}>", i));
    types.push_back(6);
  }
  tokens.emplace_back("\xE2\x96\x81");  // a space
  types.push_back(1);
  for (char c = '!'; c <= '~'; ++c) {
    tokens.emplace_back(1, c);
    types.push_back(1);
  }
  writer.set("tokenizer.ggml.model", "llama");
  writer.set("tokenizer.ggml.tokens", tokens);
  writer.set("tokenizer.ggml.scores", std::vector<float>(tokens.size(), 0.0F));
  writer.set("tokenizer.ggml.token_type", types);
  writer.set("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  writer.set("tokenizer.ggml.eos_token_id", std::uint32_t{4});
  writer.set("tokenizer.ggml.add_bos_token", false);
  writer.set("tokenizer.ggml.add_space_prefix", false);
  writer.set("tokenizer.chat_template", kTemplate);
}

}  // namespace

TinySizes chat_sizes(int context) {
  TinySizes sizes;
  sizes.vocabulary = kControls + kBytes + kCharacters;
  sizes.context = context;
  return sizes;
}

void write_tiny_chat(const std::filesystem::path& path, int context) {
  const TinySizes sizes = chat_sizes(context);
  const TinyModel tiny(sizes);
  gguf::Writer writer;
  for (const auto& entry : tiny.file->metadata()) writer.copy(entry);
  for (const auto& tensor : tiny.file->tensors()) {
    std::vector<std::byte> data(tensor.data.begin(), tensor.data.end());
    // Logits of 0, below the largest, for all that is no character.
    const std::size_t row = static_cast<std::size_t>(sizes.width) * sizeof(float);
    if (tensor.name == "token_embd.weight")
      std::fill_n(data.begin(), (kControls + kBytes) * row, std::byte{0});
    writer.add(tensor.name, tensor.type, tensor.dims, std::move(data));
  }
  add_tokenizer(writer);
  writer.write(path);
}

std::shared_ptr<const Engine> tiny_chat_engine(int context, int threads) {
  const Folder folder;  // a mapped file may go
  write_tiny_chat(folder.path() / "tiny.gguf", context);
  EngineOptions options;
  options.threads = threads;
  options.find_adapter = false;
  return Engine::load(folder.path() / "tiny.gguf", options);
}

}  // namespace focusllm::test

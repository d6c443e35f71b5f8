#include "train/tiny_training.h"

#include <ATen/CPUGeneratorImpl.h>

#include "base/error.h"
#include "gguf/writer.h"

namespace focusllm::test {
namespace {

void add_tokenizer(gguf::Writer& writer, int vocabulary, int bos) {
  std::vector<std::string> tokens{"<unk>"};
  std::vector<std::int32_t> types{2};
  for (int i = 1; i < vocabulary; ++i) {
    tokens.push_back(fmt::format("t{}", i));
    types.push_back(i == bos ? 3 : 1);
  }
  writer.set("tokenizer.ggml.model", "llama");
  writer.set("tokenizer.ggml.tokens", tokens);
  writer.set("tokenizer.ggml.scores", std::vector<float>(tokens.size(), 0.0F));
  writer.set("tokenizer.ggml.token_type", types);
  writer.set("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(bos));
  writer.set("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(bos));
  writer.set("tokenizer.ggml.add_bos_token", true);
}

}  // namespace

TrainingModel::TrainingModel(const TinySizes& sizes, int bos) {
  const TinyModel tiny(sizes);
  gguf::Writer writer;
  for (const auto& entry : tiny.file->metadata()) writer.copy(entry);
  for (const auto& tensor : tiny.file->tensors()) {
    writer.add(tensor.name, tensor.type, tensor.dims, {tensor.data.begin(), tensor.data.end()});
  }
  if (bos >= 0) add_tokenizer(writer, sizes.vocabulary, bos);
  bytes = writer.bytes();
  file = gguf::File::parse(bytes, "tiny.gguf");
}

train::Sample random_sample(const SampleSizes& sizes, int vocabulary, unsigned seed) {
  static std::uint64_t id = 0;
  train::Sample sample;
  std::int64_t position = 0;
  for (const std::int64_t size : sizes.chunks) {
    auto chunk = std::make_shared<train::Chunk>();
    chunk->id = id++;
    chunk->tokens = random_tokens(size, vocabulary, ++seed);
    sample.chunks.push_back(std::move(chunk));
    sample.positions.push_back(position);
    position += 1 + sizes.gap;
  }
  sample.local_position = position;
  sample.local = random_tokens(sizes.local, vocabulary, ++seed);
  sample.targets = random_tokens(sizes.local, vocabulary, ++seed);
  sample.weights.assign(sample.local.size(), 0);
  float weight = 1;
  for (const std::int64_t row : sizes.labels) {
    sample.weights[static_cast<std::size_t>(row)] = weight;
    weight += 0.25F;
  }
  sample.tail = sizes.tail;
  sample.split = sizes.split;
  return sample;
}

void randomise(train::AdapterParameters& parameters, unsigned seed, double deviation) {
  const torch::NoGradGuard no_gradients;
  auto random = at::detail::createCPUGenerator(seed);
  parameters.values().add_(torch::empty(parameters.values().sizes(), torch::kDouble)
                               .normal_(0, deviation, random)
                               .to(parameters.values().options()));
}

train::Backend fast_backend() {
  return {};
}

std::optional<train::Backend> gpu_backend() {
  if (!at::hasCUDA()) return std::nullopt;
  train::Backend backend;
  backend.fast = false;
  backend.device = torch::kCUDA;
  return backend;
}

train::Backend double_backend() {
  train::Backend backend;
  backend.fast = false;
  backend.dtype = torch::kDouble;
  return backend;
}

}  // namespace focusllm::test

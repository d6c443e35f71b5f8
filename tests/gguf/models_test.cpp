#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "focusllm/gguf.h"
#include "tensor/block_type.h"

namespace focusllm::gguf {
namespace {

std::shared_ptr<const File> open_model(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(FOCUSLLM_SOURCE_DIR) / "models" / name;
  return std::filesystem::exists(path) ? File::open(path) : nullptr;
}

/// Every value of every tensor is a finite number of ordinary size.
void expect_plausible(const File& file) {
  for (const Tensor& tensor : file.tensors()) {
    const BlockTraits traits = block_traits(tensor.type);
    const std::int64_t row = tensor.dims[0];
    std::vector<float> values(row);
    for (std::int64_t i = 0; i < tensor.elements(); i += row) {
      dequantize(tensor.type, tensor.data.data() + i / traits.elements * traits.bytes, row, values.data());
      for (const float value : values) ASSERT_LT(std::abs(value), 1e4F) << tensor.name;
    }
  }
}

TEST(Models, SmolLm2) {
  const auto file = open_model("SmolLM2-135M-Instruct.Q4_1.gguf");
  if (!file) GTEST_SKIP() << "models/ has no SmolLM2";
  EXPECT_EQ(file->require_string("general.architecture"), "llama");
  EXPECT_EQ(file->require_integer("llama.block_count"), 30);
  EXPECT_EQ(file->strings("tokenizer.ggml.tokens").size(), 49152U);
  EXPECT_EQ(file->strings("tokenizer.ggml.merges").size(), 48900U);
  EXPECT_EQ(file->integers("tokenizer.ggml.token_type").size(), 49152U);
  EXPECT_EQ(file->tensors().size(), 272U);
  const BlockMatrix embedding = file->tensor("token_embd.weight").matrix();
  EXPECT_EQ(embedding.rows, 49152);
  EXPECT_EQ(embedding.cols, 576);
  expect_plausible(*file);
}

TEST(Models, Gemma3) {
  const auto file = open_model("gemma-3-270m-q4_k_m.gguf");
  if (!file) GTEST_SKIP() << "models/ has no Gemma 3";
  EXPECT_EQ(file->require_string("general.architecture"), "gemma3");
  EXPECT_EQ(file->strings("tokenizer.ggml.tokens").size(), 262144U);
  EXPECT_EQ(file->numbers("tokenizer.ggml.scores").size(), 262144U);
  EXPECT_EQ(file->tensors().size(), 236U);
  expect_plausible(*file);
}

}  // namespace
}  // namespace focusllm::gguf

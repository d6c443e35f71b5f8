#include "model/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/writer.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

/// The tiny model's file with its metadata changed by `change`.
std::string error_of(const std::function<void(gguf::Writer&)>& change, const TinySizes& sizes = {}) {
  const TinyModel tiny(sizes);
  gguf::Writer writer;
  for (const auto& entry : tiny.file->metadata()) writer.copy(entry);
  for (const auto& tensor : tiny.file->tensors()) {
    writer.add(tensor.name, tensor.type, tensor.dims, {tensor.data.begin(), tensor.data.end()});
  }
  change(writer);
  const auto bytes = writer.bytes();
  try {
    const model::Model model(gguf::File::parse(bytes, "changed.gguf"), ProductType::f32);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Spec, ReadsTheTinyModel) {
  const TinyModel tiny{TinySizes{}};
  const auto& spec = tiny.model->spec();
  EXPECT_EQ(spec.layers, 3);
  EXPECT_EQ(spec.heads.kv_heads, 2);
  EXPECT_EQ(spec.vocabulary, 97);
  EXPECT_TRUE(spec.rope_paired);
  EXPECT_EQ(spec.window(0), 0);
}

TEST(Spec, Gemma3AlternatesWindows) {
  TinySizes sizes;
  sizes.architecture = "gemma3";
  sizes.layers = 12;
  const TinyModel tiny(sizes);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(tiny.model->spec().window(i), i % 6 == 5 ? 0 : 7) << i;
}

TEST(Spec, ErrorsNameTheKeyAndWhatIsSupported) {
  using testing::HasSubstr;
  EXPECT_THAT(error_of([](auto& w) { w.set("general.architecture", "mamba"); }),
              HasSubstr("llama, qwen2, qwen3, gemma3"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.rope.scaling.type", "longrope"); }),
              HasSubstr("none, linear, llama3, yarn"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.attention.head_count_kv", 3U); }),
              HasSubstr("head_count_kv"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.block_count", 0U); }), HasSubstr("llama.block_count"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.block_count", 4U); }), HasSubstr("blk.3."));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.embedding_length", 32U); }),
              HasSubstr("token_embd.weight"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.rope.freq_base", -1.0F); }), HasSubstr("rope.freq_base"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.expert_count", 8U); }), HasSubstr("mixtures of experts"));
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.attention.key_length", 24U); }),
              HasSubstr("multiple of 16"));
}

}  // namespace
}  // namespace focusllm::test

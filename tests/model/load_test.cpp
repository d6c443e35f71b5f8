// What loading refuses: tensors that nothing uses or that are missing, numbers that nobody gave, adapters
// that do not fit.

#include <cstring>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/writer.h"
#include "support/tiny_adapter.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

void add_floats(gguf::Writer& writer, const std::string& name, std::vector<std::int64_t> dims, float value) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  const std::vector<float> numbers(static_cast<std::size_t>(count), value);
  std::vector<std::byte> data(numbers.size() * sizeof(float));
  std::memcpy(data.data(), numbers.data(), data.size());
  writer.add(name, BlockType::f32, std::move(dims), std::move(data));
}

/// The bytes of a file, without some tensor or key and with what `change` adds.
std::vector<std::byte> changed(const gguf::File& file, const std::function<void(gguf::Writer&)>& change,
                               const std::string& without = "") {
  gguf::Writer writer;
  for (const auto& entry : file.metadata()) {
    if (entry.key != without) writer.copy(entry);
  }
  for (const auto& tensor : file.tensors()) {
    if (tensor.name != without)
      writer.add(tensor.name, tensor.type, tensor.dims, {tensor.data.begin(), tensor.data.end()});
  }
  change(writer);
  return writer.bytes();
}
const auto kNothing = [](gguf::Writer&) {};

/// What loading the tiny model of an architecture says, changed so.
std::string error_of(const std::string& architecture, const std::function<void(gguf::Writer&)>& change,
                     const std::string& without = "") {
  TinySizes sizes;
  sizes.architecture = architecture;
  const TinyModel tiny(sizes);
  const auto bytes = changed(*tiny.file, change, without);
  try {
    const model::Model model(gguf::File::parse(bytes, "changed.gguf"), Arithmetic{ProductType::f32});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

auto adds(const std::string& name, std::int64_t size) {
  return [=](gguf::Writer& writer) { add_floats(writer, name, {size}, 1); };
}

TEST(Load, ATensorThatNothingUsesIsNamed) {
  EXPECT_THAT(error_of("llama", adds("blk.1.attn_q_norm.weight", 16)),
              AllOf(HasSubstr("changed.gguf"), HasSubstr("blk.1.attn_q_norm.weight"), HasSubstr("llama")));
  EXPECT_THAT(error_of("llama", adds("blk.0.attn_output.bias", 48)), HasSubstr("blk.0.attn_output.bias"));
  EXPECT_THAT(error_of("qwen3", adds("blk.2.attn_q.bias", 64)), HasSubstr("blk.2.attn_q.bias"));
  EXPECT_THAT(error_of("qwen2", adds("output.bias", 97)), HasSubstr("output.bias"));
  EXPECT_THAT(error_of("gemma3", adds("rope_freqs.weight", 8)), HasSubstr("rope_freqs.weight"));
  // A file with more layers than it says.
  EXPECT_THAT(error_of("llama", [](auto& w) { w.set("llama.block_count", 2U); }), HasSubstr("blk.2."));
}

TEST(Load, TensorsThatChangeNothingArePassedOver) {
  EXPECT_EQ(error_of("llama", adds("blk.0.attn_rot_embd", 8)), "");
}

TEST(Load, WhatAnArchitectureHasMustBeThere) {
  EXPECT_THAT(error_of("qwen2", kNothing, "blk.1.attn_q.bias"), HasSubstr("blk.1.attn_q.bias"));
  EXPECT_THAT(error_of("qwen3", kNothing, "blk.0.attn_k_norm.weight"), HasSubstr("blk.0.attn_k_norm.weight"));
  EXPECT_THAT(error_of("gemma3", kNothing, "blk.2.post_ffw_norm.weight"), HasSubstr("post_ffw_norm.weight"));
  // Llama: all layers have biases, or none has.
  EXPECT_THAT(error_of("llama", adds("blk.0.attn_q.bias", 64)), HasSubstr("blk.0.attn_k.bias"));
  const auto all_of_one = [](gguf::Writer& writer) {
    add_floats(writer, "blk.0.attn_q.bias", {64}, 0.1F);
    add_floats(writer, "blk.0.attn_k.bias", {32}, 0.1F);
    add_floats(writer, "blk.0.attn_v.bias", {32}, 0.1F);
  };
  EXPECT_THAT(error_of("llama", all_of_one), HasSubstr("blk.1.attn_q.bias"));
}

TEST(Load, NumbersThatNobodyGaveAreAnError) {
  EXPECT_THAT(error_of("qwen2", kNothing, "qwen2.attention.layer_norm_rms_epsilon"),
              HasSubstr("qwen2.attention.layer_norm_rms_epsilon is missing"));
  const auto yarn = [](gguf::Writer& writer) {
    writer.set("gemma3.rope.scaling.type", "yarn");
    writer.set("gemma3.rope.scaling.factor", 4.0F);
    writer.set("gemma3.rope.scaling.original_context_length", 64U);
  };
  EXPECT_THAT(error_of("gemma3", yarn), HasSubstr("gemma3.rope.scaling.yarn_beta_fast is missing"));
  const auto llama3 = [](gguf::Writer& writer) {
    writer.set("qwen3.rope.scaling.type", "llama3");
    writer.set("qwen3.rope.scaling.factor", 4.0F);
    writer.set("qwen3.rope.scaling.original_context_length", 64U);
  };
  EXPECT_THAT(error_of("qwen3", llama3), HasSubstr("qwen3.rope.scaling.low_freq_factor is missing"));
}

TEST(Load, KeysThatChangeNumbersAndThatNobodyAppliesAreNamed) {
  EXPECT_THAT(error_of("llama", [](auto& w) { w.set("llama.attention.scale", 0.1F); }),
              HasSubstr("llama.attention.scale"));
  EXPECT_THAT(error_of("gemma3", [](auto& w) { w.set("gemma3.final_logit_softcapping", 30.0F); }),
              HasSubstr("gemma3.final_logit_softcapping"));
  EXPECT_EQ(error_of("gemma3", [](auto& w) { w.set("gemma3.final_logit_softcapping", 0.0F); }), "");
  EXPECT_THAT(error_of("qwen3", [](auto& w) { w.set("qwen3.attention.causal", false); }),
              HasSubstr("qwen3.attention.causal"));
}

TEST(Load, FrequenciesAreScaledOnceOnly) {
  const auto both = [](gguf::Writer& writer) {
    add_floats(writer, "rope_freqs.weight", {8}, 2);
    writer.set("llama.rope.scaling.type", "llama3");
    writer.set("llama.rope.scaling.factor", 4.0F);
    writer.set("llama.rope.scaling.original_context_length", 64U);
  };
  EXPECT_THAT(error_of("llama", both), AllOf(HasSubstr("rope_freqs.weight"), HasSubstr("rope.scaling.type")));
  EXPECT_EQ(error_of("llama", adds("rope_freqs.weight", 8)), "");
}

/// What loading the tiny model with a changed adapter says.
std::string adapter_error(const std::function<void(gguf::Writer&)>& change, const std::string& without = "") {
  const TinyModel tiny{TinySizes{}};
  const TinyAdapter adapter(tiny, 4, 1);
  const auto bytes = changed(*adapter.file, change, without);
  try {
    const model::Model model(tiny.file, Arithmetic{ProductType::f32},
                             gguf::File::parse(bytes, "changed.gguf"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Load, AnAdaptersTensorsMustFit) {
  EXPECT_EQ(adapter_error(kNothing), "");
  EXPECT_THAT(adapter_error(kNothing, "blk.1.attn_k.weight.lora_b"), HasSubstr("blk.1.attn_k.weight"));
  EXPECT_THAT(adapter_error(kNothing, "adapter.lora.alpha"), HasSubstr("adapter.lora.alpha"));
  EXPECT_THAT(adapter_error([](auto& w) {
                add_floats(w, "blk.7.attn_q.weight", {48, 64}, 0);
              }),
              HasSubstr("blk.7.attn_q.weight"));
  EXPECT_THAT(adapter_error([](auto& w) {
                add_floats(w, "blk.0.ffn_up.weight", {48, 80}, 0);
              }),
              HasSubstr("blk.0.ffn_up.weight"));
  EXPECT_THAT(adapter_error([](auto& w) {
                add_floats(w, "blk.0.attn_q.weight", {48, 60}, 0);
              }),
              AllOf(HasSubstr("blk.0.attn_q.weight"), HasSubstr("60 x 48"), HasSubstr("64 x 48")));
}

}  // namespace
}  // namespace focusllm::test

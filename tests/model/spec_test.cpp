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
    const model::Model model(gguf::File::parse(bytes, "changed.gguf"), Arithmetic{ProductType::f32});
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

TEST(Spec, TensorsMayHaveFurtherDimensionsOfOne) {
  const TinyModel tiny{TinySizes{}};
  gguf::Writer writer;
  for (const auto& entry : tiny.file->metadata()) writer.copy(entry);
  for (const auto& tensor : tiny.file->tensors()) {
    std::vector<std::int64_t> dims = tensor.dims;
    dims.resize(4, 1);
    writer.add(tensor.name, tensor.type, dims, {tensor.data.begin(), tensor.data.end()});
  }
  const auto bytes = writer.bytes();
  const model::Model model(gguf::File::parse(bytes, "four.gguf"), Arithmetic{ProductType::f32});
  EXPECT_EQ(model.spec().vocabulary, 97);
}

TEST(Spec, Gemma3AlternatesWindows) {
  TinySizes sizes;
  sizes.architecture = "gemma3";
  sizes.layers = 12;
  const TinyModel tiny(sizes);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(tiny.model->spec().window(i), i % 6 == 5 ? 0 : 7) << i;
}

TEST(Spec, EveryFourthLayerOfSmolLm3HasNoPositions) {
  TinySizes sizes;
  sizes.architecture = "smollm3";
  sizes.layers = 9;
  const TinyModel tiny(sizes);
  const auto& spec = tiny.model->spec();
  EXPECT_TRUE(spec.rope_paired);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(spec.layer(i).rope.has_value(), i != 3 && i != 7) << i;
}

TEST(Spec, ErrorsNameTheKeyAndWhatIsSupported) {
  using testing::HasSubstr;
  EXPECT_THAT(error_of([](auto& w) { w.set("general.architecture", "mamba"); }),
              HasSubstr("llama, qwen2, qwen3, gemma3, smollm3"));
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

/// The tiny model of an architecture with its metadata changed.
model::Spec spec_of(const std::function<void(gguf::Writer&)>& change, const std::string& without = "",
                    const std::string& architecture = "llama", int layers = 3) {
  TinySizes sizes;
  sizes.architecture = architecture;
  sizes.layers = layers;
  const TinyModel tiny(sizes);
  gguf::Writer writer;
  for (const auto& entry : tiny.file->metadata()) {
    if (entry.key != without) writer.copy(entry);
  }
  for (const auto& tensor : tiny.file->tensors())
    writer.add(tensor.name, tensor.type, tensor.dims, {tensor.data.begin(), tensor.data.end()});
  change(writer);
  const auto bytes = writer.bytes();
  return model::Spec::from(*gguf::File::parse(bytes, "changed.gguf"));
}
const auto kAsItIs = [](gguf::Writer&) {};

TEST(Spec, AMissingNumberIsThePublishedOneOrAnError) {
  using testing::HasSubstr;
  const auto error = [](const std::string& without, const std::string& architecture) -> std::string {
    try {
      spec_of(kAsItIs, without, architecture);
    } catch (const Error& found) {
      return found.what();
    }
    return "";
  };
  EXPECT_THAT(error("llama.attention.layer_norm_rms_epsilon", "llama"), HasSubstr("layer_norm_rms_epsilon"));
  EXPECT_THAT(error("qwen2.rope.freq_base", "qwen2"), HasSubstr("rope.freq_base is missing"));
  EXPECT_EQ(error("llama.rope.freq_base", "llama"), "");
  EXPECT_EQ(spec_of(kAsItIs, "gemma3.attention.layer_norm_rms_epsilon", "gemma3").epsilon, 1e-6F);
  EXPECT_EQ(spec_of(kAsItIs, "gemma3.rope.freq_base", "gemma3").ropes[0].base, 1e6);
  EXPECT_EQ(spec_of(kAsItIs, "gemma3.rope.freq_base", "gemma3").ropes[1].base, 10000);
}

TEST(Spec, LargeGemma3StretchTheirPositionsUnlessTheFileSaysOtherwise) {
  const auto scaling = [](int layers, const std::function<void(gguf::Writer&)>& change) {
    return spec_of(change, "", "gemma3", layers).ropes[0].scaling;
  };
  EXPECT_EQ(scaling(34, kAsItIs).kind, model::RopeScaling::Kind::linear);
  EXPECT_EQ(scaling(34, kAsItIs).factor, 8);
  EXPECT_EQ(scaling(26, kAsItIs).kind, model::RopeScaling::Kind::none);
  EXPECT_EQ(scaling(34, [](auto& w) { w.set("gemma3.rope.scaling.type", "none"); }).kind,
            model::RopeScaling::Kind::none);
  EXPECT_EQ(scaling(34, [](auto& w) { w.set("gemma3.rope.scaling.factor", 4.0F); }).factor, 4);
}

TEST(Spec, ScalingInOtherWordsIsLinear) {
  using Kind = model::RopeScaling::Kind;
  const auto old = spec_of([](auto& w) { w.set("llama.rope.scale_linear", 4.0F); }).ropes[0].scaling;
  EXPECT_EQ(old.kind, Kind::linear);
  EXPECT_EQ(old.factor, 4);
  const auto untyped = spec_of([](auto& w) { w.set("llama.rope.scaling.factor", 2.0F); }).ropes[0].scaling;
  EXPECT_EQ(untyped.kind, Kind::linear);
  EXPECT_EQ(untyped.factor, 2);
  EXPECT_THAT(error_of([](auto& w) { w.set("llama.rope.scaling.type", "linear"); }),
              testing::HasSubstr("rope.scaling.factor is missing"));
  EXPECT_THAT(error_of([](auto& w) {
                w.set("llama.rope.scaling.type", "yarn");
                w.set("llama.rope.scaling.factor", 4.0F);
              }),
              testing::HasSubstr("original_context_length is missing"));
}

TEST(Spec, AWindowOfNoLayerIsWhatTheModelWasTrainedFor) {
  for (const std::string architecture : {"llama", "qwen2", "qwen3", "smollm3"}) {
    for (const auto& [window, trained] : {std::pair{0U, 512}, {100U, 100}, {512U, 512}, {4096U, 512}}) {
      const auto set = [&, window = window](auto& w) {
        w.set(architecture + ".attention.sliding_window", window);
      };
      const model::Spec spec = spec_of(set, "", architecture);
      EXPECT_EQ(spec.trained_context, trained) << architecture << ", window " << window;
      EXPECT_EQ(spec.window(0), 0);
    }
  }
}

TEST(Spec, ThePatternOfWindowsMayNameEveryLayer) {
  const std::vector<std::int32_t> pattern{1, 0, 0};
  const auto spec =
      spec_of([&](auto& w) { w.set("gemma3.attention.sliding_window_pattern", pattern); }, "", "gemma3");
  EXPECT_EQ(spec.window(0), 7);
  EXPECT_EQ(spec.window(1), 0);
  EXPECT_EQ(spec.window(2), 0);
  TinySizes sizes;
  sizes.architecture = "gemma3";
  EXPECT_THAT(
      error_of(
          [](auto& w) { w.set("gemma3.attention.sliding_window_pattern", std::vector<std::int32_t>{1}); },
          sizes),
      testing::HasSubstr("1 entries for 3 layers"));
}

}  // namespace
}  // namespace focusllm::test

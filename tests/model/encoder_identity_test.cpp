#include "model/encoder_identity.h"

#include <functional>

#include <gtest/gtest.h>

#include "gguf/writer.h"
#include "model/adapter.h"
#include "support/tiny_adapter.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using attention::KvType;
using memory::EncoderIdentity;

/// Of a model whose weights were hashed.
EncoderIdentity identity(const std::shared_ptr<const gguf::File>& file,
                         ProductType products = ProductType::f32, KvType type = KvType::bf16,
                         const std::shared_ptr<const gguf::File>& adapter = nullptr) {
  return model::encoder_identity(
      model::Model(file, Arithmetic{products}, adapter, model::weights_hash(*file)), type);
}

/// The file with one key changed.
std::vector<std::byte> with(const gguf::File& file, const std::string& key,
                            const std::function<void(gguf::Writer&)>& set) {
  gguf::Writer writer;
  for (const auto& entry : file.metadata()) {
    if (entry.key != key) writer.copy(entry);
  }
  set(writer);
  for (const auto& tensor : file.tensors())
    writer.add(tensor.name, tensor.type, tensor.dims, {tensor.data.begin(), tensor.data.end()});
  return writer.bytes();
}

class EncoderIdentities : public testing::Test {
 protected:
  EncoderIdentity of(ProductType products = ProductType::f32, KvType type = KvType::bf16) const {
    return identity(tiny_.file, products, type);
  }
  TinyModel tiny_{TinySizes{}};
};

TEST_F(EncoderIdentities, AreEqualForTheSameFileInTwoModels) {
  EXPECT_EQ(of(), of());
  const TinyAdapter adapter(tiny_, 4, 1);
  EXPECT_EQ(identity(tiny_.file, ProductType::f32, KvType::bf16, adapter.file), of());
  EXPECT_EQ(of().version, model::kEncoderVersion);
}

TEST_F(EncoderIdentities, AreOfOneModelWhereTheWeightsWereNotHashed) {
  const model::Model one(tiny_.file, Arithmetic{ProductType::f32}),
      other(tiny_.file, Arithmetic{ProductType::f32});
  EXPECT_EQ(model::encoder_identity(one, KvType::bf16), model::encoder_identity(one, KvType::bf16));
  EXPECT_NE(model::encoder_identity(one, KvType::bf16), model::encoder_identity(other, KvType::bf16));
}

TEST_F(EncoderIdentities, DependOnWeightsAndNumberTypes) {
  const TinyModel other(TinySizes{}, 2);
  EXPECT_NE(identity(other.file).weights, of().weights);
  EXPECT_NE(of(ProductType::f32, KvType::int8), of());
  EXPECT_NE(of(ProductType::int8).products, of().products);
  // What `automatic` became is what counts.
  EXPECT_EQ(of(ProductType::automatic), of(choose_product_type(BlockType::f32, default_isa())));
}

TEST_F(EncoderIdentities, DependOnMetadataThatNumbersFollowFrom) {
  const auto changed = [&](const std::string& key, const std::function<void(gguf::Writer&)>& set) {
    const auto bytes = with(*tiny_.file, key, set);
    const auto file = gguf::File::parse(bytes, "changed.gguf");
    EXPECT_EQ(model::weights_hash(*file), of().weights) << key;
    return identity(file);
  };
  const auto set = [&](const std::string& key, const auto& value) {
    return changed("llama." + key, [&](gguf::Writer& writer) { writer.set("llama." + key, value); });
  };
  EXPECT_NE(set("rope.freq_base", 20000.0F), of());
  EXPECT_NE(set("attention.layer_norm_rms_epsilon", 1e-6F), of());
  const auto scaled = [&](float factor) {
    return changed("", [&](gguf::Writer& writer) {
      writer.set("llama.rope.scaling.type", "linear");
      writer.set("llama.rope.scaling.factor", factor);
    });
  };
  EXPECT_NE(scaled(2), of());
  EXPECT_NE(scaled(2), scaled(4));
  EXPECT_EQ(set("context_length", std::uint32_t{1024}), of());  // a limit, no number
}

TEST_F(EncoderIdentities, DependOnEachLayer) {
  const TinyModel gemma(tiny_sizes("gemma3"));
  TinySizes sizes = tiny_sizes("gemma3");
  sizes.sliding_window = 9;
  const TinyModel wider(sizes);
  const auto one = identity(gemma.file), other = identity(wider.file);
  EXPECT_EQ(one.weights, other.weights);
  EXPECT_NE(one.spec, other.spec);
}

}  // namespace
}  // namespace focusllm::test

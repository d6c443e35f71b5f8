#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/decoder.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Attention that gives each row its own values.
class OwnValues final : public model::AttentionSource {
 public:
  explicit OwnValues(const model::Spec& spec) : heads_(spec.heads) {}
  void attend(const model::LayerRows& layer) override {
    for (std::int64_t row = 0; row < layer.rows.size(); ++row) {
      for (int head = 0; head < heads_.heads; ++head) {
        const float* value = layer.qkv + row * layer.stride + layer.values +
                             head / (heads_.heads / heads_.kv_heads) * heads_.dim;
        std::copy_n(value, heads_.dim, layer.out + (row * heads_.heads + head) * heads_.dim);
      }
    }
  }

 private:
  attention::HeadShape heads_;
};

void poison(const TinyModel& tiny, const std::string& name, std::size_t element, float value) {
  for (const auto& tensor : tiny.file->tensors()) {
    if (tensor.name != name) continue;
    auto* floats = reinterpret_cast<float*>(const_cast<std::byte*>(tensor.data.data()));
    floats[element] = value;
    return;
  }
  FAIL() << name;
}

/// What a pass of three tokens from position 7 on says of a file with one broken number.
std::string error_of(const std::string& tensor, std::size_t element, float value) {
  const TinyModel tiny{TinySizes{}};
  poison(tiny, tensor, element, value);
  model::Model model(tiny.file, ProductType::f32);
  const auto shared = std::make_shared<model::Model>(std::move(model));
  model::Decoder decoder(shared);
  OwnValues attention(shared->spec());
  model::Rows rows;
  for (const std::int32_t token : {11, 22, 33}) rows.add(token, 7 + rows.size(), Use::read);
  try {
    const auto hidden = decoder.forward(rows, attention, {});
    std::vector<float> logits(static_cast<std::size_t>(3 * shared->spec().vocabulary));
    shared->logits(hidden.data(), 3, logits.data());
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Finite, ABrokenNumberNamesTokenAndLayer) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(error_of("blk.0.attn_q.weight", 0, 1), "");
    EXPECT_THAT(error_of("token_embd.weight", 22 * 48 + 5, value),
                AllOf(HasSubstr("token 8 (id 22)"), HasSubstr("in the embedding")));
    EXPECT_THAT(error_of("blk.0.attn_output.weight", 3, value),
                AllOf(HasSubstr("token 7 (id 11)"), HasSubstr("the attention of layer 0")));
    EXPECT_THAT(error_of("blk.1.ffn_down.weight", 3, value), HasSubstr("behind layer 1"));
    EXPECT_THAT(error_of("blk.2.ffn_down.weight", 3, value), HasSubstr("behind the last layer"));
    EXPECT_THAT(error_of("output_norm.weight", 3, value), HasSubstr("logits"));
  }
}

}  // namespace
}  // namespace focusllm::test

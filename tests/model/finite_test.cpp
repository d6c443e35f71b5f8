#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/runner.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Attention that gives each row its own values.
class OwnValues final : public model::Lane {
 public:
  explicit OwnValues(const model::Spec& spec) : heads_(spec.heads) {}
  void attend(const model::LaneRows& rows, std::vector<attention::Block>&) override {
    for (std::int64_t row = 0; row < rows.count; ++row) {
      for (int head = 0; head < heads_.heads; ++head) {
        const float* value =
            rows.values + row * rows.stride + head / (heads_.heads / heads_.kv_heads) * heads_.dim;
        std::copy_n(value, heads_.dim, rows.out + (row * heads_.heads + head) * heads_.dim);
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
std::string error_of(const std::string& tensor, std::size_t element, float value,
                     model::Want want = model::Want::all) {
  const TinyModel tiny{TinySizes{}};
  poison(tiny, tensor, element, value);
  model::Model model(tiny.file, Arithmetic{ProductType::f32});
  const auto shared = std::make_shared<model::Model>(std::move(model));
  model::Runner runner(shared);
  OwnValues lane(shared->spec());
  model::Pass pass;
  const std::int32_t tokens[] = {11, 22, 33};
  pass.add(lane, tokens, 7, Use::read, want);
  try {
    runner.run(pass);
    pass.check(0);
    std::vector<float> logits(static_cast<std::size_t>(3 * shared->spec().vocabulary));
    if (want == model::Want::all) shared->logits(pass.hidden().data(), 3, logits.data());
    model::Model::check_logits(logits);
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
    EXPECT_THAT(error_of("blk.2.attn_k.weight", 3, value, model::Want::nothing),
                HasSubstr("in the keys and values of layer 2"));
  }
}

}  // namespace
}  // namespace focusllm::test

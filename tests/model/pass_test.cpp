// Rows of many lanes through the layers together: each as if it were alone.
#include "model/pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attention/backend.h"
#include "base/error.h"
#include "memory/kv_pages.h"
#include "model/runner.h"
#include "support/tiny_model.h"

namespace focusllm::test {
namespace {

using Hidden = std::vector<float>;
using model::Want;

/// A whole text, causally. Breaks in one layer if asked.
class Text final : public model::Lane {
 public:
  explicit Text(const model::Spec& spec, int breaks_in = -1, int wanted_layers = model::kAllLayers)
      : breaks_in_(breaks_in), wanted_layers_(wanted_layers) {
    for (int i = 0; i < spec.layers; ++i)
      layers_.emplace_back(memory::PagedRows(spec.heads, attention::KvType::bf16, 16),
                           memory::PagedRows(spec.heads, attention::KvType::bf16, 16));
  }
  int layers() const override { return wanted_layers_; }
  void attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) override {
    if (rows.layer == breaks_in_) fail("broken on purpose");
    auto& [keys, values] = layers_[static_cast<std::size_t>(rows.layer)];
    keys.append(rows.keys(), std::int64_t{keys.shape().kv_heads} * keys.shape().dim, rows.count);
    values.append(rows.values, rows.stride, rows.count);
    keys_only_ = rows.keys_only;
    if (rows.keys_only) return;
    runs_.clear();
    memory::add_runs(keys, values, 0, keys.count(), runs_);
    part_ = {.queries = rows.queries(), .positions = rows.positions, .scale = 0.25F, .runs = runs_};
    blocks.push_back(rows.block(attention::KvType::bf16, {&part_, 1}));
  }
  std::int64_t stored() const { return layers_.back().first.count(); }
  const memory::PagedRows& keys(std::size_t layer) const { return layers_[layer].first; }
  bool keys_only() const { return keys_only_; }

 private:
  int breaks_in_, wanted_layers_;
  bool keys_only_ = false;
  std::vector<std::pair<memory::PagedRows, memory::PagedRows>> layers_;
  std::vector<attention::KvRun> runs_;
  attention::Part part_;
};

class PassTest : public testing::Test {
 protected:
  std::vector<std::int32_t> tokens(std::int64_t count, unsigned seed) const {
    return random_tokens(count, 97, seed);
  }
  Hidden hidden(const model::Pass& pass, std::size_t entry) const {
    const auto span = pass.hidden(entry);
    return {span.begin(), span.end()};
  }
  /// All hidden states of a text that is alone.
  Hidden alone(std::span<const std::int32_t> text, Use use) {
    Text lane(tiny_.model->spec());
    model::Pass pass;
    pass.add(lane, text, 0, use, Want::all);
    runner_.run(pass);
    return hidden(pass, 0);
  }

  TinyModel tiny_{TinySizes{}};
  model::Runner runner_{tiny_.model};
};

TEST_F(PassTest, ARowIsWhatItIsAlone) {
  const auto a = tokens(70, 1), b = tokens(1, 2), c = tokens(33, 3);
  Text one(tiny_.model->spec()), two(tiny_.model->spec()), three(tiny_.model->spec());
  model::Pass pass;
  pass.add(two, b, 0, Use::answer, Want::last);
  pass.add(one, std::span(a).first(40), 0, Use::read, Want::nothing);
  pass.add(three, c, 0, Use::read, Want::all);
  runner_.run(pass);
  EXPECT_TRUE(pass.hidden(1).empty());
  const Hidden last = hidden(pass, 0), all = hidden(pass, 2);
  EXPECT_EQ(last, alone(b, Use::answer));
  EXPECT_EQ(all, alone(c, Use::read));
  model::Pass rest;
  rest.add(one, std::span(a).subspan(40), 40, Use::read, Want::last);
  runner_.run(rest);
  const Hidden end = hidden(rest, 0), whole = alone(a, Use::read);
  EXPECT_EQ(end, Hidden(whole.end() - tiny_.model->spec().width, whole.end()));
}

TEST_F(PassTest, NobodyComputesWhatNobodyWants) {
  const auto a = tokens(9, 1);
  Text lane(tiny_.model->spec());
  model::Pass pass;
  pass.add(lane, a, 0, Use::read, Want::nothing);
  runner_.run(pass);
  EXPECT_TRUE(lane.keys_only());
  EXPECT_EQ(lane.stored(), 9);
  EXPECT_TRUE(pass.hidden(0).empty());
}

TEST_F(PassTest, ALaneOfFewerLayersEndsThere) {
  const auto a = tokens(20, 1), b = tokens(33, 2);
  const model::Spec& spec = tiny_.model->spec();
  Text whole(spec);
  model::Pass alone_pass;
  alone_pass.add(whole, a, 0, Use::read, Want::nothing);
  runner_.run(alone_pass);
  const Hidden all = alone(b, Use::read);
  for (int layers = 1; layers <= spec.layers; ++layers) {
    Text before(spec), few(spec, -1, layers), behind(spec);
    model::Pass pass;
    pass.add(before, b, 0, Use::read, Want::all);
    pass.add(few, a, 0, Use::read, Want::nothing);
    pass.add(behind, b, 0, Use::read, Want::last);
    runner_.run(pass);
    EXPECT_TRUE(few.keys_only());
    for (std::size_t layer = 0; layer < static_cast<std::size_t>(spec.layers); ++layer) {
      ASSERT_EQ(few.keys(layer).count(), layer < static_cast<std::size_t>(layers) ? 20 : 0);
      for (std::int64_t token = 0; token < few.keys(layer).count(); ++token) {
        std::vector<float> got(static_cast<std::size_t>(spec.heads.dim)), wanted(got);
        few.keys(layer).read(token, 0, got.data());
        whole.keys(layer).read(token, 0, wanted.data());
        EXPECT_EQ(got, wanted);
      }
    }
    EXPECT_EQ(hidden(pass, 0), all);
    EXPECT_EQ(hidden(pass, 2), Hidden(all.end() - spec.width, all.end()));
    EXPECT_TRUE(pass.hidden(1).empty());
  }
}

TEST_F(PassTest, BrokenKeysThatALaneEndsWithAreFound) {
  for (const auto& tensor : tiny_.file->tensors()) {
    if (tensor.name != "blk.0.attn_k.weight") continue;
    auto* floats = reinterpret_cast<float*>(const_cast<std::byte*>(tensor.data.data()));
    floats[3] = std::numeric_limits<float>::quiet_NaN();
  }
  const auto a = tokens(5, 1);
  Text few(tiny_.model->spec(), -1, 1);
  model::Pass pass;
  pass.add(few, a, 2, Use::read, Want::nothing);
  runner_.run(pass);
  EXPECT_THROW(pass.check(0), Error);
}

TEST_F(PassTest, ALaneThatBreaksLeavesTheOthersAsTheyAre) {
  const auto a = tokens(20, 1), b = tokens(30, 2);
  for (int layer = 0; layer < tiny_.model->spec().layers; ++layer) {
    Text broken(tiny_.model->spec(), layer), whole(tiny_.model->spec());
    model::Pass pass;
    pass.add(broken, a, 0, Use::read, Want::all);
    pass.add(whole, b, 0, Use::read, Want::all);
    runner_.run(pass);
    EXPECT_THROW(pass.check(0), Error);
    EXPECT_NO_THROW(pass.check(1));
    const Hidden got = hidden(pass, 1);
    EXPECT_EQ(got, alone(b, Use::read));
  }
}

TEST_F(PassTest, ATokenWhoseNumbersAreBrokenEndsItsOwnLane) {
  for (const auto& tensor : tiny_.file->tensors()) {
    if (tensor.name != "token_embd.weight") continue;
    auto* floats = reinterpret_cast<float*>(const_cast<std::byte*>(tensor.data.data()));
    floats[22 * 48 + 5] = std::numeric_limits<float>::quiet_NaN();
  }
  const std::int32_t bad[] = {11, 22, 33}, good[] = {11, 33, 44, 55};
  Text one(tiny_.model->spec()), two(tiny_.model->spec());
  model::Pass pass;
  pass.add(one, bad, 5, Use::read, Want::all);
  pass.add(two, good, 0, Use::read, Want::all);
  runner_.run(pass);
  try {
    pass.check(0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("token 6 (id 22)"));
  }
  pass.check(1);
  const Hidden got = hidden(pass, 1);
  EXPECT_EQ(got, alone(good, Use::read));
}

int counted_problems = 0;
/// Our kernels once more.
const attention::Backend kCounting{.partial = [](const attention::Problem& problem) {
  attention::Problem counted = problem;
  counted.backend = nullptr;
  attention::partial(counted);
  ++counted_problems;
}};

TEST_F(PassTest, ABackendComputesAllAttention) {
  const auto a = tokens(40, 1);
  const Hidden wanted = alone(a, Use::read);
  model::Runner runner(tiny_.model, &kCounting);
  Text lane(tiny_.model->spec());
  model::Pass pass;
  pass.add(lane, a, 0, Use::read, Want::all);
  counted_problems = 0;
  runner.run(pass);
  EXPECT_EQ(counted_problems, tiny_.model->spec().layers);
  EXPECT_EQ(hidden(pass, 0), wanted);
}

TEST_F(PassTest, StopsBetweenLayers) {
  const auto a = tokens(20, 1);
  Text lane(tiny_.model->spec());
  model::Pass pass;
  pass.add(lane, a, 0, Use::read, Want::all);
  int asked = 0;
  EXPECT_THROW(runner_.run(pass, [&] { return ++asked == 2; }), Cancelled);
  EXPECT_EQ(lane.stored(), 0);
}

}  // namespace
}  // namespace focusllm::test

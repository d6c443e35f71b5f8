#include "attention/attend.h"

#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attention/reference.h"
#include "base/cpu.h"
#include "base/error.h"
#include "problem_data.h"

namespace focusllm::attention::attend_test {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();
constexpr HeadShape kShape{6, 2, 32};
constexpr std::int64_t kRows = 21;

/// A block over some problems' keys and queries, with memory for its results.
struct TestBlock {
  std::vector<Part> parts;
  std::vector<float> out = std::vector<float>(kRows * kShape.heads * kShape.dim, NAN);
  std::vector<float> lse = std::vector<float>(kRows * kShape.heads, NAN);

  Block block() {
    return {.shape = kShape,
            .type = KvType::f32,
            .rows = kRows,
            .parts = parts,
            .out = out.data(),
            .lse = lse.data()};
  }
  void run() { attend(block()); }
};

Part part_of(ProblemData& data) {
  const Problem& p = data.problem();
  return {
      .queries = p.queries, .positions = p.positions, .visible = p.visible, .scale = p.scale, .runs = p.runs};
}

ProblemData keys_at(std::int64_t first, std::int64_t count, std::uint32_t seed = 1) {
  return ProblemData(kShape, KvType::f32, consecutive(200, kRows), {{first, count, 2}}, kCausal, seed);
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::isinf(wanted[i])) {
      ASSERT_EQ(actual[i], wanted[i]) << i;
    } else {
      ASSERT_NEAR(actual[i], wanted[i], 1e-5F * std::max(1.0F, std::abs(wanted[i]))) << i;
    }
  }
}

/// What attend() is to give, from the parts' own results, in doubles.
struct Expected {
  std::vector<float> out, lse;
};
Expected merged(std::vector<ProblemData*> parts, const float* sink) {
  for (ProblemData* part : parts) partial(part->problem());
  Expected all{std::vector<float>(kRows * kShape.heads * kShape.dim),
               std::vector<float>(kRows * kShape.heads)};
  for (std::size_t i = 0; i < all.lse.size(); ++i) {
    double total = sink != nullptr ? std::exp(double{sink[i % kShape.heads]}) : 0;
    for (ProblemData* part : parts) total += std::exp(double{part->lse()[i]});
    all.lse[i] = static_cast<float>(std::log(total));
    for (std::size_t d = 0; d < kShape.dim; ++d) {
      double sum = 0;
      for (ProblemData* part : parts)
        sum += std::exp(double{part->lse()[i]}) * part->out()[i * kShape.dim + d];
      all.out[i * kShape.dim + d] = total > 0 ? static_cast<float>(sum / total) : 0;
    }
  }
  return all;
}

/// Attends on a thread of its own.
class OtherThread final : public Elsewhere {
 public:
  explicit OtherThread(Part here) : here_(here) {}
  void begin(const Block& block, const Part& part) override {
    here_.queries = part.queries;
    here_.positions = part.positions;
    out_.resize(static_cast<std::size_t>(block.rows * block.shape.heads * block.shape.dim));
    lse_.resize(static_cast<std::size_t>(block.rows * block.shape.heads));
    Block there = block;
    there.parts = {&here_, 1};
    there.out = out_.data();
    there.lse = lse_.data();
    thread_ = std::thread([there] { attend(there); });
  }
  void finish(float* out, float* lse) override {
    thread_.join();
    std::copy(out_.begin(), out_.end(), out);
    std::copy(lse_.begin(), lse_.end(), lse);
    ++finished;
  }
  int finished = 0;

 private:
  Part here_;
  std::vector<float> out_, lse_;
  std::thread thread_;
};

class Failing final : public Elsewhere {
 public:
  explicit Failing(bool at_once) : at_once_(at_once) {}
  void begin(const Block&, const Part&) override {
    if (at_once_) fail("not there");
  }
  void finish(float*, float*) override {
    ++finished;
    fail("lost on the way");
  }
  int finished = 0;

 private:
  bool at_once_;
};

TEST(Attend, PartsWithQueriesOfTheirOwnMerge) {
  ProblemData near = keys_at(150, 60, 1), far = keys_at(0, 150, 2), nothing = keys_at(500, 10, 3);
  TestBlock block{{part_of(near), part_of(far), part_of(nothing)}};
  block.run();
  const Expected all = merged({&near, &far, &nothing}, nullptr);
  expect_near(block.out, all.out);
  expect_near(block.lse, all.lse);
}

TEST(Attend, EachBlockHasItsOwnKernels) {
  ProblemData near = keys_at(150, 60, 1), far = keys_at(0, 150, 2);
  std::vector<TestBlock> alone, together;
  std::vector<Block> blocks;
  together.reserve(supported_isas().size() + 1);
  const auto add = [&](Isa isa, const Backend* backend) {
    for (std::vector<TestBlock>* to : {&alone, &together}) to->push_back({{part_of(near), part_of(far)}});
    Block block = alone.back().block();
    block.isa = isa;
    block.backend = backend;
    attend(block);
    block.parts = together.back().parts;
    block.out = together.back().out.data();
    block.lse = together.back().lse.data();
    blocks.push_back(block);
  };
  for (const Isa isa : supported_isas()) add(isa, nullptr);
  add(default_isa(), &reference::backend);
  attend(blocks);
  const Expected all = merged({&near, &far}, nullptr);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(together[i].out, alone[i].out);
    EXPECT_EQ(together[i].lse, alone[i].lse);
    expect_near(together[i].out, all.out);
  }
}

TEST(Attend, OnePartIsThePartialAttention) {
  ProblemData data = keys_at(0, 210);
  TestBlock block{{part_of(data)}};
  block.run();
  partial(data.problem());
  EXPECT_EQ(block.out, data.out());
  EXPECT_EQ(block.lse, data.lse());
}

TEST(Attend, ASinkCountsOnceInEveryPlace) {
  const std::vector<float> sink{0.5F, -1, 2, 0, kNone, 30};
  ProblemData data = keys_at(0, 210), nothing = keys_at(500, 10, 3);
  for (const bool first : {true, false}) {
    TestBlock block{{part_of(data), Part{.sink = sink.data()}}};
    if (first) std::swap(block.parts[0], block.parts[1]);
    block.run();
    const Expected all = merged({&data}, sink.data());
    expect_near(block.out, all.out);
    expect_near(block.lse, all.lse);
  }
  TestBlock only{{part_of(nothing), Part{.sink = sink.data()}}};
  only.run();
  EXPECT_THAT(only.out, testing::Each(0.0F));
  for (std::size_t i = 0; i < only.lse.size(); ++i) EXPECT_EQ(only.lse[i], sink[i % 6]);
}

TEST(Attend, NoPartsAndNoRows) {
  TestBlock block;
  block.run();
  EXPECT_THAT(block.out, testing::Each(0.0F));
  EXPECT_THAT(block.lse, testing::Each(kNone));
  Block none = block.block();
  none.rows = 0;
  attend(none);
  attend(std::span<const Block>());
}

TEST(Attend, TheLogSumExpNeedNotBeWanted) {
  ProblemData near = keys_at(150, 60, 1), far = keys_at(0, 150, 2);
  TestBlock block{{part_of(near), part_of(far)}};
  block.run();
  TestBlock without{{part_of(near), part_of(far)}};
  Block wanted = without.block();
  wanted.lse = nullptr;
  attend(wanted);
  EXPECT_EQ(without.out, block.out);
}

TEST(Attend, LogSumsAreThoseOfTheWholeToTheBit) {
  for (const KvType type : {KvType::f32, KvType::bf16, KvType::int8}) {
    for (const Isa isa : supported_isas()) {
      std::vector<ProblemData> data;
      for (const std::int64_t first : {0, 130, 500})  // the last one's keys are seen by nobody
        data.emplace_back(kShape, type, consecutive(200, kRows), std::vector<RunSpec>{{first, 129, 2}},
                          kCausal, static_cast<std::uint32_t>(first));
      TestBlock all;
      for (ProblemData& one : data) all.parts.push_back(part_of(one));
      Block block = all.block();
      block.type = type;
      block.isa = isa;
      attend(block);
      std::vector<float> sums(all.lse.size(), NAN);
      block.out = block.lse = nullptr;
      log_sums(block, sums.data());
      EXPECT_EQ(sums, all.lse);
      EXPECT_TRUE(std::isfinite(sums.front()));
      block.parts = {};
      log_sums(block, sums.data());
      EXPECT_EQ(sums, std::vector<float>(sums.size(), kNone));
    }
  }
}

TEST(Attend, PartsOnAnotherThreadAreTheSameToTheBit) {
  ProblemData near = keys_at(150, 60, 1), far = keys_at(0, 150, 2);
  TestBlock here{{part_of(near), part_of(far)}};
  here.run();
  for (const std::size_t moved : {0, 1}) {
    OtherThread other(here.parts[moved]);
    TestBlock block{{part_of(near), part_of(far)}};
    block.parts[moved].runs = {};
    block.parts[moved].elsewhere = &other;
    block.run();
    EXPECT_EQ(block.out, here.out);
    EXPECT_EQ(block.lse, here.lse);
    EXPECT_EQ(other.finished, 1);
  }
}

TEST(Attend, AFailureElsewhereIsThrownWhenAllHaveEnded) {
  ProblemData near = keys_at(150, 60, 1), far = keys_at(0, 150, 2);
  for (const bool at_once : {true, false}) {
    OtherThread first(part_of(far)), last(part_of(far));
    Failing failing(at_once);
    TestBlock block{{part_of(near), part_of(far), part_of(far), part_of(far)}};
    block.parts[1].elsewhere = &first;
    block.parts[2].elsewhere = &failing;
    block.parts[3].elsewhere = &last;
    try {
      block.run();
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), at_once ? "not there" : "lost on the way");
    }
    EXPECT_EQ(first.finished, 1);
    EXPECT_EQ(failing.finished, at_once ? 0 : 1);
    EXPECT_EQ(last.finished, 1);
  }
}

TEST(Attend, ABadShapeStillWaitsForWhatHasBegun) {
  ProblemData far = keys_at(0, 150, 2);
  OtherThread other(part_of(far));
  TestBlock block{{part_of(far), part_of(far)}};
  block.parts[0].elsewhere = &other;
  block.parts[1].positions = nullptr;
  EXPECT_THROW(block.run(), Error);
  EXPECT_EQ(other.finished, 1);
}

TEST(Attend, ColumnSumsAreOfOnePartAgainstTheWhole) {
  ProblemData near = keys_at(150, 60, 1), far = keys_at(0, 150, 2);
  TestBlock block{{part_of(near), part_of(far)}};
  block.run();
  double total = 0;
  for (const Part& part : block.parts) {
    const std::int64_t keys = part.runs[0].count;
    std::vector<float> sums(static_cast<std::size_t>(kShape.heads * keys), 0);
    column_sums(block.block(), part, block.lse.data(), sums.data(), keys);
    for (const float sum : sums) total += sum;
  }
  EXPECT_NEAR(total, kRows * kShape.heads, 1e-2);
}

}  // namespace
}  // namespace focusllm::attention::attend_test

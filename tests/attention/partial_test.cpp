#include "attention/partial.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "attention/reference.h"
#include "base/cpu.h"
#include "base/error.h"
#include "problem_data.h"

namespace focusllm::attention {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

/// Largest allowed difference. f32: a few hundred roundings of values of about 1. bf16 and int8: queries and
/// weights are rounded to 8 bits (2^-9 each), an output is an average of values below about 4.
float tolerance(KvType type) {
  return type == KvType::f32 ? 1e-5F : 2e-2F;
}

void expect_close(const std::vector<float>& actual, const std::vector<float>& wanted, float tolerance,
                  const std::string& what) {
  ASSERT_EQ(actual.size(), wanted.size()) << what;
  std::size_t worst = 0;
  float most = -1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (actual[i] == wanted[i]) continue;  // infinities too
    const float difference = std::abs(actual[i] - wanted[i]) / std::max(1.0F, std::abs(wanted[i]));
    if (!(difference <= most)) {
      most = difference;
      worst = i;
      if (std::isnan(difference)) break;
    }
  }
  EXPECT_TRUE(most <= tolerance) << what << ": at " << worst << " of " << wanted.size() << ": "
                                 << actual[worst] << ", wanted " << wanted[worst];
}

/// Restores the thread count that a test changes.
class PartialTest : public testing::Test {
 protected:
  void TearDown() override { omp_set_num_threads(threads_); }

  template <typename Body>
  void for_each_isa(Body body) {
    for (const Isa isa : supported_isas()) {
      SCOPED_TRACE(testing::Message() << isa_name(isa));
      body(isa);
    }
  }

 private:
  int threads_ = omp_get_max_threads();
};

std::string describe(const Problem& p, std::int64_t keys) {
  return "heads " + std::to_string(p.shape.heads) + "/" + std::to_string(p.shape.kv_heads) + " dim " +
         std::to_string(p.shape.dim) + " type " + std::to_string(static_cast<int>(p.type)) + " rows " +
         std::to_string(p.rows) + " keys " + std::to_string(keys) + " min " + std::to_string(p.visible.min) +
         " max " + std::to_string(p.visible.max);
}

struct Results {
  std::vector<float> out;
  std::vector<float> lse;
  std::vector<float> sums = {};
  std::vector<float> peaks = {};
};

Results reference_results(ProblemData& data) {
  reference::partial(data.problem());
  Results wanted{data.out(), data.lse()};
  const std::int64_t stride = data.keys() + 3;
  wanted.sums.assign(static_cast<std::size_t>(stride * data.problem().shape.heads), 0.5F);
  wanted.peaks = wanted.sums;
  std::fill(wanted.peaks.begin(), wanted.peaks.end(), 0.01F);
  reference::collect_columns(data.problem(), Collect::sum, wanted.lse.data(), wanted.sums.data(), stride);
  reference::collect_columns(data.problem(), Collect::most, wanted.lse.data(), wanted.peaks.data(), stride);
  return wanted;
}

void expect_matches(ProblemData& data, Isa isa, const Results& wanted) {
  Problem& p = data.problem();
  p.isa = isa;
  const std::string what = describe(p, data.keys());
  for (const Use use : {Use::read, Use::answer}) {
    p.use = use;
    std::fill(data.out().begin(), data.out().end(), NAN);
    std::fill(data.lse().begin(), data.lse().end(), NAN);
    partial(p);
    const std::string how = use == Use::read ? " read, " : " answer, ";
    expect_close(data.out(), wanted.out, tolerance(p.type), "out," + how + what);
    expect_close(data.lse(), wanted.lse, tolerance(p.type), "lse," + how + what);
  }
  const std::int64_t stride = data.keys() + 3;
  std::vector<float> sums(wanted.sums.size(), 0.5F);
  column_sums(p, wanted.lse.data(), sums.data(), stride);
  expect_close(sums, wanted.sums, 2 * tolerance(p.type), "column sums, " + what);
  std::fill(sums.begin(), sums.end(), 0.01F);
  collect_columns(p, Collect::most, wanted.lse.data(), sums.data(), stride);
  expect_close(sums, wanted.peaks, 2 * tolerance(p.type), "largest of columns, " + what);
}

constexpr KvType kTypes[] = {KvType::f32, KvType::bf16, KvType::int8};

/// Runs with gaps between them, whose lengths add up to `keys`.
std::vector<RunSpec> some_runs(std::int64_t keys) {
  const std::int64_t first = keys / 3;
  const std::int64_t second = keys / 5;
  return {{0, first, 3}, {first + 7, 0, 5}, {first + 20, second, 0}, {keys + 40, keys - first - second, 1}};
}

TEST_F(PartialTest, MatchesReferenceOverRowsAndKeys) {
  constexpr std::int64_t kRows[] = {1, 2, 3, 4, 5, 6, 7, 17, 63, 64, 65, 130};
  constexpr std::int64_t kKeys[] = {0, 1, 15, 16, 17, 63, 127, 200, 1000};
  constexpr HeadShape kShapes[] = {{9, 3, 64}, {4, 1, 32}, {6, 2, 16}};
  int combination = 0;
  for (const std::int64_t rows : kRows) {
    for (const std::int64_t keys : kKeys) {
      if (rows > 65 && keys > 200) continue;
      const HeadShape shape = kShapes[combination % 3];
      const Visible visible[] = {kCausal, window(50), beyond(30), kEverything};
      const Visible mask = visible[combination / 3 % 4];
      const bool split = combination % 2 == 0;
      for (const KvType type : kTypes) {
        const auto runs = split ? some_runs(keys) : std::vector<RunSpec>{{0, keys, 2}};
        ProblemData data(shape, type, consecutive(keys / 2, rows), runs, mask);
        const Results wanted = reference_results(data);
        for_each_isa([&](Isa isa) { expect_matches(data, isa, wanted); });
      }
      ++combination;
    }
  }
}

TEST_F(PartialTest, MatchesReferenceOverShapes) {
  constexpr HeadShape kHeads[] = {{9, 3, 0}, {4, 1, 0}, {8, 8, 0}, {1, 1, 0}, {6, 2, 0}};
  for (HeadShape shape : kHeads) {
    for (const int dim : {16, 32, 48, 64, 80, 96, 128, 256}) {
      shape.dim = dim;
      for (const KvType type : kTypes) {
        for (const std::int64_t rows : {2, 33}) {
          ProblemData data(shape, type, consecutive(90, rows), some_runs(131), window(100));
          const Results wanted = reference_results(data);
          for_each_isa([&](Isa isa) { expect_matches(data, isa, wanted); });
        }
      }
    }
  }
}

TEST_F(PartialTest, MatchesReferenceAtTheWidestHead) {
  for (const KvType type : kTypes) {
    ProblemData data({2, 1, 512}, type, consecutive(70, 40), some_runs(150), kCausal);
    const Results wanted = reference_results(data);
    for_each_isa([&](Isa isa) { expect_matches(data, isa, wanted); });
  }
}

TEST_F(PartialTest, ManySmallPagesAndRepeatedPositions) {
  std::vector<RunSpec> pages;
  for (std::int64_t i = 0; i < 90; ++i) pages.push_back({i * 9, i % 11, 1});
  for (const KvType type : kTypes) {
    for (const std::int64_t rows : {2, 40}) {
      std::vector<std::int64_t> positions = consecutive(300, rows);
      for (std::int64_t& position : positions) position = position / 3 * 3;
      ProblemData data({9, 3, 64}, type, positions, pages, window(250));
      const Results wanted = reference_results(data);
      for_each_isa([&](Isa isa) { expect_matches(data, isa, wanted); });
    }
  }
}

TEST_F(PartialTest, RowsThatSeeNothing) {
  for (const std::int64_t rows : {1, 2, 30, 100}) {
    for (const KvType type : kTypes) {
      // Keys at 50 to 149: the first rows come before all of them.
      ProblemData data({9, 3, 64}, type, consecutive(50 - rows / 2 - 1, rows), {{50, 100, 4}}, kCausal);
      const Results wanted = reference_results(data);
      for_each_isa([&](Isa isa) {
        expect_matches(data, isa, wanted);
        EXPECT_EQ(data.lse()[0], kNone);
        EXPECT_EQ(data.out()[0], 0);
      });
    }
  }
}

TEST_F(PartialTest, NoRunsAndNoRows) {
  for_each_isa([&](Isa isa) {
    for (const std::int64_t rows : {0, 1, 60}) {
      ProblemData data({4, 2, 32}, KvType::bf16, consecutive(0, rows), {}, kCausal);
      data.problem().isa = isa;
      partial(data.problem());
      EXPECT_THAT(data.out(), testing::Each(0.0F));
      EXPECT_THAT(data.lse(), testing::Each(kNone));
      column_sums(data.problem(), data.lse().data(), nullptr, 0);
    }
  });
  partial(std::span<const Problem>());
}

TEST_F(PartialTest, EverythingNeedsNoPositions) {
  for (const std::int64_t rows : {2, 50}) {
    ProblemData data({6, 2, 48}, KvType::bf16, consecutive(0, rows), some_runs(300), kEverything);
    data.problem().positions = nullptr;
    const Results wanted = reference_results(data);
    for_each_isa([&](Isa isa) { expect_matches(data, isa, wanted); });
  }
}

TEST_F(PartialTest, HugeLogitsStayFinite) {
  for (const std::int64_t rows : {2, 50}) {
    for (const float scale : {300.0F, -300.0F, 0.0F}) {
      ProblemData data({6, 2, 64}, KvType::f32, consecutive(0, rows), {{0, 300, 0}}, kCausal);
      data.problem().scale = scale;
      for_each_isa([&](Isa isa) {
        data.problem().isa = isa;
        partial(data.problem());
        for (const float x : data.out()) ASSERT_TRUE(std::isfinite(x));
        for (const float x : data.lse()) ASSERT_TRUE(std::isfinite(x));
      });
    }
  }
}

TEST_F(PartialTest, PartsOfTheKeysMergeToTheWhole) {
  for_each_isa([&](Isa isa) {
    for (const KvType type : kTypes) {
      for (const std::int64_t rows : {1, 5, 70}) {
        const std::vector<RunSpec> runs{{0, 100, 1}, {100, 37, 2}, {137, 263, 0}};
        ProblemData data({9, 3, 64}, type, consecutive(110, rows), runs, kCausal);
        Problem& p = data.problem();
        p.isa = isa;
        partial(p);
        const std::vector<float> whole = data.out();
        const std::vector<float> whole_lse = data.lse();
        std::vector<float> out(whole.size(), 0);
        std::vector<float> lse(whole_lse.size(), kNone);
        const std::span<const KvRun> all = p.runs;
        for (std::size_t i = 0; i < all.size(); ++i) {  // the last one is hidden from all rows but a few
          p.runs = all.subspan(all.size() - 1 - i, 1);
          partial(p);
          merge(isa, p.shape, p.rows, data.out().data(), data.lse().data(), out.data(), lse.data());
        }
        expect_close(out, whole, tolerance(type), "merged out");
        expect_close(lse, whole_lse, tolerance(type), "merged lse");
      }
    }
  });
}

TEST_F(PartialTest, WindowAndBeyondMergeToCausal) {
  for_each_isa([&](Isa isa) {
    ProblemData data({4, 1, 256}, KvType::f32, consecutive(150, 90), some_runs(200), kCausal);
    Problem& p = data.problem();
    p.isa = isa;
    partial(p);
    const std::vector<float> whole = data.out();
    p.visible = window(64);
    partial(p);
    std::vector<float> out = data.out();
    std::vector<float> lse = data.lse();
    p.visible = beyond(64);
    partial(p);
    merge(isa, p.shape, p.rows, data.out().data(), data.lse().data(), out.data(), lse.data());
    expect_close(out, whole, tolerance(KvType::f32), "merged out");
  });
}

TEST_F(PartialTest, MergeOfLargeResultsAndOfNothing) {
  const HeadShape shape{4, 2, 32};
  const std::int64_t rows = 600;
  const auto heads = static_cast<std::size_t>(rows * shape.heads);
  std::vector<float> lse(heads, 1.0F);
  std::vector<float> out(heads * 32, 2.0F);
  std::vector<float> other_lse(heads, 1.0F);
  const std::vector<float> other(heads * 32, 4.0F);
  other_lse[1] = kNone;
  lse[2] = kNone;
  other_lse[3] = lse[3] = kNone;
  for_each_isa([&](Isa isa) {
    std::vector<float> to = out;
    std::vector<float> to_lse = lse;
    merge(isa, shape, rows, other.data(), other_lse.data(), to.data(), to_lse.data());
    EXPECT_NEAR(to[0], 3, 1e-6);
    EXPECT_NEAR(to_lse[0], 1 + std::log(2.0F), 1e-6);
    EXPECT_EQ(to[1 * 32], 2);
    EXPECT_EQ(to_lse[1], 1);
    EXPECT_EQ(to[2 * 32], 4);
    EXPECT_EQ(to_lse[2], 1);
    EXPECT_EQ(to_lse[3], kNone);
    EXPECT_NEAR(to.back(), 3, 1e-6);
  });
}

TEST_F(PartialTest, ColumnSumsAddUpToTheRows) {
  for_each_isa([&](Isa isa) {
    for (const KvType type : kTypes) {
      ProblemData data({6, 2, 64}, type, consecutive(100, 700), {{0, 400, 0}, {400, 500, 3}}, kCausal);
      Problem& p = data.problem();
      p.isa = isa;
      partial(p);
      std::vector<float> sums(static_cast<std::size_t>(6 * 900), 0);
      column_sums(p, data.lse().data(), sums.data(), 900);
      for (std::size_t head = 0; head < 6; ++head) {
        double total = 0;
        for (std::size_t k = 0; k < 900; ++k) total += sums[head * 900 + k];
        EXPECT_NEAR(total, 700, 700 * 1e-3);
      }
    }
  });
}

TEST_F(PartialTest, ManyProblemsAtOnceEqualEachAlone) {
  for_each_isa([&](Isa isa) {
    std::vector<ProblemData> data;
    for (std::int64_t i = 0; i < 40; ++i) {
      const KvType type = kTypes[i % 3];
      const std::int64_t keys = 30 * i;
      data.emplace_back(i % 2 == 0 ? HeadShape{9, 3, 64} : HeadShape{4, 1, 128}, type,
                        consecutive(keys, 1 + i % 7 * 5), some_runs(keys), kCausal,
                        static_cast<std::uint32_t>(i));
    }
    std::vector<Results> alone;
    for (ProblemData& d : data) {
      d.problem().isa = isa;
      partial(d.problem());
      alone.push_back({d.out(), d.lse(), {}});
      std::fill(d.out().begin(), d.out().end(), NAN);
    }
    std::vector<Problem> problems;
    for (ProblemData& d : data) problems.push_back(d.problem());
    partial(problems);
    for (std::size_t i = 0; i < data.size(); ++i) {
      EXPECT_EQ(data[i].out(), alone[i].out) << "out of " << i;
      EXPECT_EQ(data[i].lse(), alone[i].lse) << "lse of " << i;
    }
  });
}

void expect_same(const std::vector<float>& actual, const std::vector<float>& wanted,
                 const std::string& what) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    ASSERT_EQ(actual[i], wanted[i]) << what << ": at " << i << " of " << wanted.size();
}

/// Rows [first, first + count) of a problem.
Problem some_rows(Problem problem, std::int64_t first, std::int64_t count) {
  const std::int64_t heads = problem.shape.heads;
  problem.queries += first * heads * problem.shape.dim;
  problem.out += first * heads * problem.shape.dim;
  problem.lse += first * heads;
  if (problem.positions != nullptr) problem.positions += first;
  problem.rows = count;
  return problem;
}

/// Pages as a cache has them, behind some keys whose number is odd.
std::vector<RunSpec> pages(std::int64_t keys) {
  std::vector<RunSpec> runs{{0, 37, 3}};
  for (std::int64_t first = 37; first < keys; first += 256)
    runs.push_back({first, std::min<std::int64_t>(256, keys - first), 0});
  return runs;
}

// To the bit: rows together, alone, in groups, with other problems beside them, and on any number of threads.
TEST_F(PartialTest, RowsDoNotDependOnWhatIsBesideThem) {
#ifdef FOCUSLLM_SANITIZE  // minutes else
  constexpr std::int64_t kRows = 13, kGroups[] = {1, 5, 9};
  constexpr HeadShape kShapes[] = {{9, 3, 64}};
  constexpr std::int64_t kKeys = 400;
#else
  constexpr std::int64_t kRows = 41, kGroups[] = {1, 5, 31};
  constexpr HeadShape kShapes[] = {{9, 3, 64}, {4, 4, 48}, {12, 1, 32}};
  constexpr std::int64_t kKeys = 1300;
#endif
  for (const KvType type : kTypes) {
    for (const Visible visible : {kCausal, window(300), beyond(170)}) {
      for (const HeadShape shape : kShapes) {
        ProblemData data(shape, type, consecutive(kKeys - 100, kRows), pages(kKeys), visible);
        ProblemData other({9, 3, 64}, type, consecutive(600, 40), some_runs(700), kCausal);
        Problem& p = data.problem();
        for_each_isa([&](Isa isa) {
          p.isa = other.problem().isa = isa;
          for (const Use use : {Use::read, Use::answer}) {
            p.use = use;
            omp_set_num_threads(1);
            partial(p);
            const Results together{data.out(), data.lse(), {}};
            for (const std::int64_t group : kGroups) {
              omp_set_num_threads(static_cast<int>(1 + group % 3));
              std::fill(data.out().begin(), data.out().end(), NAN);
              std::fill(data.lse().begin(), data.lse().end(), NAN);
              for (std::int64_t row = 0; row < kRows; row += group) {
                const Problem both[] = {some_rows(p, row, std::min(group, kRows - row)), other.problem()};
                partial(std::span(both, group == 5 ? 2 : 1));
              }
              const std::string what = describe(p, kKeys) + (use == Use::read ? " read" : " answer") +
                                       " in groups of " + std::to_string(group);
              expect_same(data.out(), together.out, "out, " + what);
              expect_same(data.lse(), together.lse, "lse, " + what);
            }
          }
        });
      }
    }
  }
}

// Problems of one call may differ in what computes them.
TEST_F(PartialTest, EachProblemHasItsOwnKernels) {
  const HeadShape shape{9, 3, 64};
  std::vector<ProblemData> data;
  for (std::size_t i = 0; i < 2 * supported_isas().size(); ++i)
    data.emplace_back(shape, kTypes[i % 3], consecutive(300, 40), some_runs(340), kCausal);
  std::vector<Problem> problems;
  std::vector<Results> alone;
  for (std::size_t i = 0; i < data.size(); ++i) {
    Problem& p = data[i].problem();
    p.use = i % 2 == 0 ? Use::read : Use::answer;
    p.isa = supported_isas()[i / 2];
    partial(p);
    alone.push_back({data[i].out(), data[i].lse(), {}});
    std::fill(data[i].out().begin(), data[i].out().end(), NAN);
    problems.push_back(p);
  }
  ProblemData torch(shape, KvType::bf16, consecutive(300, 40), some_runs(340), kCausal);
  const Results wanted = reference_results(torch);
  std::fill(torch.out().begin(), torch.out().end(), NAN);
  problems.push_back(torch.problem());
  problems.back().backend = &reference::backend;
  partial(problems);
  for (std::size_t i = 0; i < data.size(); ++i) {
    expect_same(data[i].out(), alone[i].out, "out of " + std::to_string(i));
    expect_same(data[i].lse(), alone[i].lse, "lse of " + std::to_string(i));
  }
  expect_same(torch.out(), wanted.out, "out of torch");
  std::vector<float> sums(wanted.sums.size(), 0.5F);
  column_sums(problems.back(), wanted.lse.data(), sums.data(), torch.keys() + 3);
  expect_same(sums, wanted.sums, "column sums of torch");
}

TEST_F(PartialTest, RefusesWhatIsNotSupported) {
  for (const HeadShape shape : {HeadShape{4, 3, 64}, {4, 2, 24}, {4, 2, 528}, {0, 0, 64}, {4, 2, 0}}) {
    Problem p;
    p.shape = shape;
    EXPECT_THROW(partial(p), Error);
    EXPECT_THROW(column_sums(p, nullptr, nullptr, 0), Error);
  }
  ProblemData data({4, 2, 32}, KvType::int8, consecutive(0, 1), {{0, 5, 0}}, kCausal);
  KvRun run = data.problem().runs[0];
  run.key_scales = nullptr;
  data.problem().runs = std::span(&run, 1);
  EXPECT_THROW(partial(data.problem()), Error);
  data.problem().positions = nullptr;
  EXPECT_THROW(partial(data.problem()), Error);
}

TEST(ExpectClose, FindsNan) {
  const std::vector<float> wanted{1, 2};
  EXPECT_NONFATAL_FAILURE(expect_close({1, NAN}, {1, 2}, 1, "nan"), "at 1 of 2");
}

}  // namespace
}  // namespace focusllm::attention

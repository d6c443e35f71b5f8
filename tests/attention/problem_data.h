#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "attention/partial.h"

namespace focusllm::attention {

/// Where a run of test keys stands; capacity beyond count is filled with huge finite values.
struct RunSpec {
  std::int64_t position = 0;
  std::int64_t count = 0;
  std::int64_t padding = 0;
};

/// A problem with its memory: random queries, keys and values.
class ProblemData {
 public:
  ProblemData(HeadShape shape, KvType type, std::vector<std::int64_t> positions,
              const std::vector<RunSpec>& runs, Visible visible, std::uint32_t seed = 1);
  ProblemData(ProblemData&&) = default;
  ProblemData(const ProblemData&) = delete;
  ProblemData& operator=(ProblemData&&) = delete;
  ProblemData& operator=(const ProblemData&) = delete;
  ~ProblemData() = default;

  Problem& problem() { return problem_; }
  std::vector<float>& out() { return out_; }
  std::vector<float>& lse() { return lse_; }
  std::int64_t keys() const;

 private:
  struct RunMemory {
    std::vector<unsigned char> keys;
    std::vector<unsigned char> values;
    std::vector<float> key_scales;
    std::vector<float> value_scales;
  };
  std::vector<unsigned char> make_elements(const RunSpec& run, std::vector<float>& scales);

  HeadShape shape_;
  KvType type_;
  std::mt19937 random_;
  std::vector<float> queries_;
  std::vector<std::int64_t> positions_;
  std::vector<RunMemory> memory_;
  std::vector<KvRun> runs_;
  std::vector<float> out_;
  std::vector<float> lse_;
  Problem problem_;
};

/// `rows` positions from `first` on.
std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t rows);

}  // namespace focusllm::attention

#include "data/validate.h"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"

namespace focusllm::data {
namespace {

using train::Chunk;
using train::Sample;

Sample good() {
  Sample sample;
  sample.chunks = {std::make_shared<Chunk>(Chunk{1, {1, 2}}), std::make_shared<Chunk>(Chunk{2, {3}})};
  sample.positions = {0, 4};
  sample.local_position = 5;
  sample.local = {1, 2, 3};
  sample.tail = 2;
  sample.split = 1;
  sample.weights = {0, 1, 1};
  sample.targets = {2, 3, 4};
  return sample;
}

TEST(Validate, TellsEveryRuleThatIsBroken) {
  EXPECT_NO_THROW(validate(good(), 10, 8));
  const std::vector<std::function<void(Sample&)>> breaks = {
      [](Sample& s) { s.chunks[0] = nullptr; },
      [](Sample& s) { s.chunks[1] = s.chunks[0]; },
      [](Sample& s) {
        s.chunks[1] = std::make_shared<Chunk>(Chunk{2, {}});
      },
      [](Sample& s) {
        s.chunks[1] = std::make_shared<Chunk>(Chunk{2, {10}});
      },
      [](Sample& s) { s.positions.pop_back(); },
      [](Sample& s) {
        s.positions = {4, 4};
      },
      [](Sample& s) {
        s.positions = {-1, 4};
      },
      [](Sample& s) { s.local_position = 4; },
      [](Sample& s) { s.local_position = 6; },  // one position too many for a context of 8
      [](Sample& s) { s.local.clear(); },
      [](Sample& s) { s.local[0] = -1; },
      [](Sample& s) { s.weights.pop_back(); },
      [](Sample& s) { s.targets.push_back(1); },
      [](Sample& s) { s.weights[0] = 1; },
      [](Sample& s) {
        s.weights = {0, 0, 0};
      },
      [](Sample& s) { s.weights[2] = -1; },
      [](Sample& s) { s.weights[2] = std::numeric_limits<float>::quiet_NaN(); },
      [](Sample& s) { s.weights[2] = std::numeric_limits<float>::infinity(); },
      [](Sample& s) { s.targets[2] = 10; },
      [](Sample& s) { s.targets[1] = 4; },
      [](Sample& s) { s.split = 3; },
      [](Sample& s) { s.split = -1; },
      [](Sample& s) { s.tail = 0; },
      [](Sample& s) { s.tail = 3; }};
  for (std::size_t i = 0; i < breaks.size(); ++i) {
    Sample sample = good();
    breaks[i](sample);
    EXPECT_THROW(validate(sample, 10, 8), Error) << i;
  }
}

TEST(Validate, ASampleWithoutChunksIsOne) {
  Sample sample = good();
  sample.chunks.clear();
  sample.positions.clear();
  sample.local_position = 0;
  EXPECT_NO_THROW(validate(sample, 10));
}

}  // namespace
}  // namespace focusllm::data

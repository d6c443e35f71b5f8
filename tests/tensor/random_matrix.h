#pragma once

#include <cmath>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "tensor/block_type.h"
#include "tensor/half.h"

namespace focusllm::testing {

/// A matrix of random bits in a file's blocks whose f16 scales are moderate numbers, with its values as
/// floats. The blocks start at an odd address: nothing in a file promises alignment.
class RandomMatrix {
 public:
  RandomMatrix(BlockType type, std::int64_t rows, std::int64_t cols, unsigned seed)
      : values_(static_cast<std::size_t>(rows * cols)) {
    const BlockTraits traits = block_traits(type);
    const std::int64_t blocks = rows * cols / traits.elements;
    bytes_.resize(static_cast<std::size_t>(blocks * traits.bytes + 1));
    std::mt19937 random(seed);
    for (std::byte& byte : bytes_) byte = static_cast<std::byte>(random());
    for (std::int64_t block = 0; block < blocks; ++block)
      fix_block(type, &bytes_[1] + block * traits.bytes, random);
    matrix_ = {type, &bytes_[1], rows, cols};
    dequantize(type, matrix_.data, rows * cols, values_.data());
  }
  const BlockMatrix& matrix() const { return matrix_; }
  std::span<const float> row(std::int64_t index) const {
    return std::span(values_).subspan(static_cast<std::size_t>(index * matrix_.cols),
                                      static_cast<std::size_t>(matrix_.cols));
  }

 private:
  static void fix_block(BlockType type, std::byte* block, std::mt19937& random) {
    std::uniform_real_distribution<float> scale(0.5F, 1.5F);
    const auto put = [&](int offset, float value) {
      const std::uint16_t half = float_to_half(value);
      std::memcpy(block + offset, &half, 2);
    };
    switch (type) {
      case BlockType::f32: {
        const float value = scale(random) - 1;
        std::memcpy(block, &value, 4);
        break;
      }
      case BlockType::bf16: {
        const float value = scale(random) - 1;
        std::memcpy(block, reinterpret_cast<const std::byte*>(&value) + 2, 2);
        break;
      }
      // Minima in the middle of the quants: a mean far from zero would be an outlier behind a Hadamard
      // rotation.
      case BlockType::q4_1:
      case BlockType::q5_1:
        put(2, -scale(random) * (type == BlockType::q4_1 ? 8 : 16));
        [[fallthrough]];
      case BlockType::f16:
      case BlockType::q4_0:
      case BlockType::q5_0:
      case BlockType::q8_0:
      case BlockType::iq4_nl:
      case BlockType::iq4_xs:
        put(0, scale(random));
        break;
      case BlockType::q4_k:
      case BlockType::q5_k:
        put(0, scale(random));
        put(2, scale(random) * (type == BlockType::q4_k ? 8 : 16));
        break;
      case BlockType::q2_k:
        put(80, scale(random));
        put(82, scale(random));
        break;
      case BlockType::q3_k:
        put(108, scale(random));
        break;
      case BlockType::q6_k:
        put(208, scale(random));
        break;
    }
  }

  std::vector<std::byte> bytes_;
  std::vector<float> values_;
  BlockMatrix matrix_;
};

inline std::vector<float> normal(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = distribution(random);
  return values;
}

}  // namespace focusllm::testing

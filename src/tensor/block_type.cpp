#include "tensor/block_type.h"

#include "base/error.h"

namespace focusllm {

std::optional<BlockTraits> block_traits(std::uint32_t type) {
  switch (static_cast<BlockType>(type)) {
    case BlockType::f32:
      return BlockTraits{"F32", 1, 4};
    case BlockType::f16:
      return BlockTraits{"F16", 1, 2};
    case BlockType::bf16:
      return BlockTraits{"BF16", 1, 2};
    case BlockType::q4_0:
      return BlockTraits{"Q4_0", 32, 18};
    case BlockType::q4_1:
      return BlockTraits{"Q4_1", 32, 20};
    case BlockType::q5_0:
      return BlockTraits{"Q5_0", 32, 22};
    case BlockType::q5_1:
      return BlockTraits{"Q5_1", 32, 24};
    case BlockType::q8_0:
      return BlockTraits{"Q8_0", 32, 34};
    case BlockType::q2_k:
      return BlockTraits{"Q2_K", 256, 84};
    case BlockType::q3_k:
      return BlockTraits{"Q3_K", 256, 110};
    case BlockType::q4_k:
      return BlockTraits{"Q4_K", 256, 144};
    case BlockType::q5_k:
      return BlockTraits{"Q5_K", 256, 176};
    case BlockType::q6_k:
      return BlockTraits{"Q6_K", 256, 210};
    case BlockType::iq4_nl:
      return BlockTraits{"IQ4_NL", 32, 18};
    case BlockType::iq4_xs:
      return BlockTraits{"IQ4_XS", 256, 136};
  }
  return std::nullopt;
}

BlockTraits block_traits(BlockType type) {
  const auto traits = block_traits(static_cast<std::uint32_t>(type));
  if (!traits) fail("block type {} is not supported", static_cast<std::uint32_t>(type));
  return *traits;
}

}  // namespace focusllm

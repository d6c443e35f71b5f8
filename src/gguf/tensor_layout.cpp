#include "gguf/tensor_layout.h"

#include <array>
#include <limits>
#include <string_view>

#include "base/error.h"

namespace focusllm::gguf {

std::uint64_t tensor_bytes(BlockType type, std::span<const std::int64_t> dims) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const BlockTraits traits = block_traits(type);
  if (dims.size() > max_dims) fail("{} dimensions, more than {}", dims.size(), max_dims);
  std::uint64_t elements = 1;
  for (const std::int64_t dim : dims) {
    if (dim <= 0) fail("a dimension is {}", dim);
    if (static_cast<std::uint64_t>(dim) > largest / elements) fail("the dimensions' product overflows");
    elements *= static_cast<std::uint64_t>(dim);
  }
  const std::int64_t row = dims.empty() ? 1 : dims[0];
  if (row % traits.elements != 0) {
    fail("rows of {} elements are not whole {} blocks of {}", row, traits.name, traits.elements);
  }
  const std::uint64_t blocks = elements / static_cast<std::uint64_t>(traits.elements);
  if (blocks > largest / static_cast<std::uint64_t>(traits.bytes)) fail("the size in bytes overflows");
  return blocks * static_cast<std::uint64_t>(traits.bytes);
}

void check_alignment(std::uint64_t alignment) {
  if (alignment < 8 || alignment > 65536 || (alignment & (alignment - 1)) != 0) {
    fail("the alignment {} is not a power of two from 8 to 65536", alignment);
  }
}

std::string type_name(std::uint32_t type) {
  struct Name {
    std::uint32_t type;
    std::string_view name;
  };
  constexpr std::array others = {
      Name{9, "Q8_1"},   Name{15, "Q8_K"},  Name{16, "IQ2_XXS"}, Name{17, "IQ2_XS"}, Name{18, "IQ3_XXS"},
      Name{19, "IQ1_S"}, Name{21, "IQ3_S"}, Name{22, "IQ2_S"},   Name{24, "I8"},     Name{25, "I16"},
      Name{26, "I32"},   Name{27, "I64"},   Name{28, "F64"},     Name{29, "IQ1_M"},  Name{34, "TQ1_0"},
      Name{35, "TQ2_0"}, Name{39, "MXFP4"}, Name{40, "NVFP4"}};
  if (const auto traits = block_traits(type)) return fmt::format("{} (type {})", traits->name, type);
  for (const Name& other : others) {
    if (other.type == type) return fmt::format("{} (type {})", other.name, type);
  }
  return fmt::format("type {}", type);
}

}  // namespace focusllm::gguf

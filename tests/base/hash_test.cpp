#include "base/hash.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace focusllm {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Values of the published XXH3 (128 bits), as `xxhsum -H2` prints them.
TEST(Hash, IsXxh3) {
  EXPECT_EQ(content_hash(std::span<const std::byte>()), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(content_hash(bytes_of("a")), "a96faf705af16834e6c632b61e964e1f");
}

TEST(Hash, PiecesAreTheWhole) {
  const std::string whole(1000, 'x');
  const std::string_view text = whole;
  const std::vector pieces = {bytes_of(text.substr(0, 0)), bytes_of(text.substr(0, 1)),
                              bytes_of(text.substr(1, 700)), bytes_of(""), bytes_of(text.substr(701))};
  EXPECT_EQ(content_hash(std::span(pieces)), content_hash(bytes_of(whole)));
  EXPECT_EQ(content_hash(std::span<const std::span<const std::byte>>()), content_hash(bytes_of("")));
}

TEST(Hash, EveryByteCounts) {
  std::string text(300, '\0');
  const std::string zeros = content_hash(bytes_of(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = 1;
    EXPECT_NE(content_hash(bytes_of(text)), zeros) << i;
    text[i] = 0;
  }
  EXPECT_NE(content_hash(bytes_of(text + '\0')), zeros);
}

}  // namespace
}  // namespace focusllm

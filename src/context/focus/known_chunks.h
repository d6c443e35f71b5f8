#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace focusllm::context {

/// Chunks of a text, by their tokens, to be found again in another one, wherever they stand there.
class KnownChunks {
 public:
  explicit KnownChunks(std::vector<std::vector<std::int32_t>> chunks);

  /// Tokens of the longest of them that `text` begins with; 0 where it begins with none.
  std::int64_t at(std::span<const std::int32_t> text) const;

 private:
  std::uint64_t hash(std::span<const std::int32_t> text) const;

  std::vector<std::vector<std::int32_t>> chunks_;
  std::size_t prefix_ = 0;  ///< tokens by which they are looked for; all chunks have as many
  std::unordered_multimap<std::uint64_t, std::size_t> by_prefix_;
};

}  // namespace focusllm::context

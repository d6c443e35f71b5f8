#include "context/focus/known_chunks.h"

#include <algorithm>
#include <utility>

namespace focusllm::context {
namespace {

constexpr std::size_t kLongestPrefix = 16;

}  // namespace

KnownChunks::KnownChunks(std::vector<std::vector<std::int32_t>> chunks) : chunks_(std::move(chunks)) {
  std::ranges::sort(chunks_);
  chunks_.erase(std::unique(chunks_.begin(), chunks_.end()), chunks_.end());
  prefix_ = kLongestPrefix;
  for (const auto& chunk : chunks_) prefix_ = std::min(prefix_, chunk.size());
  for (std::size_t i = 0; i < chunks_.size(); ++i) by_prefix_.emplace(hash(chunks_[i]), i);
}

/// FNV-1a of the prefix, a token at a time.
std::uint64_t KnownChunks::hash(std::span<const std::int32_t> text) const {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::int32_t token : text.first(prefix_))
    hash = (hash ^ static_cast<std::uint32_t>(token)) * 0x100000001b3U;
  return hash;
}

std::int64_t KnownChunks::at(std::span<const std::int32_t> text) const {
  if (text.size() < prefix_) return 0;
  std::int64_t longest = 0;
  const auto [begin, end] = by_prefix_.equal_range(hash(text));
  for (auto entry = begin; entry != end; ++entry) {
    const auto& chunk = chunks_[entry->second];
    if (chunk.size() <= text.size() && std::ranges::equal(chunk, text.first(chunk.size())))
      longest = std::max(longest, std::ssize(chunk));
  }
  return longest;
}

}  // namespace focusllm::context

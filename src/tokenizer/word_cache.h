#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace focusllm {

/// The ids of one encode() call, and which words they came from: a word seen before gets the same ids again.
/// The words' bytes must stay where they are. Direct-mapped, so its size is bounded.
class WordCache {
 public:
  explicit WordCache(std::size_t text_size)
      : entries_(std::bit_ceil(std::clamp<std::size_t>(text_size / 16, 16, std::size_t{1} << 16))) {}

  std::vector<Token> ids;

  /// Appends the ids of `word`: those of its last time, or what `encode(word)` appends to `ids`.
  template <typename Encode>
  void add(std::string_view word, Encode&& encode) {
    Entry& entry = entries_[std::hash<std::string_view>{}(word) & (entries_.size() - 1)];
    if (entry.word == word) {
      for (std::size_t i = 0; i < entry.count; ++i) ids.push_back(ids[entry.first + i]);
      return;
    }
    const std::size_t first = ids.size();
    encode(word);
    entry = {word, first, ids.size() - first};
  }

 private:
  struct Entry {
    std::string_view word;
    std::size_t first = 0, count = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace focusllm

#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace focusllm::gguf {

/// Finds entries by name. Sorted, not hashed: a file cannot choose names that make it slow.
class NameIndex {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  NameIndex() = default;
  /// The names must outlive the index.
  explicit NameIndex(const std::vector<std::string_view>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) sorted_.emplace_back(names[i], i);
    std::sort(sorted_.begin(), sorted_.end());
  }
  std::size_t find(std::string_view name) const {
    const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), std::pair(name, std::size_t{0}));
    return found != sorted_.end() && found->first == name ? found->second : none;
  }
  /// A name that is there twice; empty if there is none.
  std::string_view duplicate() const {
    const auto found = std::adjacent_find(sorted_.begin(), sorted_.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    return found == sorted_.end() ? std::string_view{} : found->first;
  }

 private:
  std::vector<std::pair<std::string_view, std::size_t>> sorted_;
};

}  // namespace focusllm::gguf

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace focusllm::server {

/// Cuts an answer in front of the first of some words, as it comes. Text that may be the beginning of one is
/// held back.
class StopWords {
 public:
  explicit StopWords(std::vector<std::string> words) : words_(std::move(words)) {}
  /// More of the answer; gives what can be shown now.
  std::string add(std::string_view text);
  /// The answer is over: what was held back.
  std::string finish();
  /// The word that was found; empty: none yet. Nothing more is shown then.
  const std::string& found() const { return found_; }

 private:
  std::size_t held(std::string_view text) const;

  std::vector<std::string> words_;
  std::string pending_, found_;
};

}  // namespace focusllm::server

#include "server/stop_words.h"

#include <algorithm>
#include <utility>

namespace focusllm::server {

/// How many bytes at the end may begin a word.
std::size_t StopWords::held(std::string_view text) const {
  std::size_t most = 0;
  for (const std::string& word : words_) {
    for (std::size_t size = std::min(word.size() - 1, text.size()); size > most; --size)
      if (text.ends_with(std::string_view(word).substr(0, size))) most = size;
  }
  return most;
}

std::string StopWords::add(std::string_view text) {
  if (!found_.empty()) return {};
  pending_.append(text);
  std::size_t first = std::string::npos;
  for (const std::string& word : words_) {
    const std::size_t at = pending_.find(word);
    if (at >= first) continue;
    first = at;
    found_ = word;
  }
  if (!found_.empty()) {
    pending_.resize(first);
    return std::exchange(pending_, {});
  }
  const std::size_t shown = pending_.size() - held(pending_);
  std::string out = pending_.substr(0, shown);
  pending_.erase(0, shown);
  return out;
}

std::string StopWords::finish() {
  return std::exchange(pending_, {});
}

}  // namespace focusllm::server

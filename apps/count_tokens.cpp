#include "count_tokens.h"

#include <algorithm>
#include <chrono>

#include "progress_line.h"

namespace focusllm::cli {
namespace {

constexpr std::size_t kCountedAtOnce = std::size_t{1} << 20;

}  // namespace

std::int64_t count_tokens(const Tokenizer& tokenizer, std::string_view text) {
  std::int64_t count = 0;
  ProgressLine progress("counting");
  const auto start = std::chrono::steady_clock::now();
  while (!text.empty()) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    progress.show({count, 0, seconds.count()});
    std::size_t size = std::min(text.size(), kCountedAtOnce);
    const std::size_t line = text.substr(0, size).rfind('\n');
    if (size < text.size() && line != std::string_view::npos) size = line + 1;
    count += static_cast<std::int64_t>(tokenizer.encode(text.substr(0, size)).size());
    text.remove_prefix(size);
  }
  return count;
}

}  // namespace focusllm::cli

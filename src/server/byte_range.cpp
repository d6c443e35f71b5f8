#include "server/byte_range.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace focusllm::server {
namespace {

constexpr std::string_view kUnit = "bytes=";

/// Decimal digits alone; what is larger than any size is the largest.
std::optional<std::size_t> number(std::string_view digits) {
  std::size_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || rest != end || error == std::errc::invalid_argument) return {};
  return error == std::errc() ? value : SIZE_MAX;
}

}  // namespace

std::optional<ByteRange> byte_range(std::string_view field, std::size_t size) {
  const std::size_t dash = field.find('-');
  if (!field.starts_with(kUnit) || dash == std::string_view::npos) return {};
  const std::string_view from = field.substr(kUnit.size(), dash - kUnit.size()), to = field.substr(dash + 1);
  if (from.empty()) {
    const auto last = number(to);
    if (!last) return {};
    const std::size_t bytes = std::min(*last, size);
    return ByteRange{size - bytes, bytes};
  }
  const auto first = number(from);
  const auto last = to.empty() ? std::optional<std::size_t>(SIZE_MAX) : number(to);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return ByteRange{size, 0};
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

}  // namespace focusllm::server

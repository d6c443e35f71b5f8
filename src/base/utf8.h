#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace focusllm {

/// Where the first byte that is not part of valid UTF-8 stands; nothing if all of it is valid.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);
/// Everything on one line and at most about `limit` bytes, cut at a character and marked with "...".
std::string one_line(std::string_view text, std::size_t limit);

}  // namespace focusllm

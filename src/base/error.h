#pragma once

#include <utility>

#include <fmt/format.h>

#include "focusllm/error.h"

namespace focusllm {

/// Throws Error with a fmt-formatted message.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace focusllm

#pragma once

#include <string>
#include <string_view>

namespace focusllm::cli {

/// The library's words for people at a command line: options that it names as `field` (base/error.h) become
/// flags. A name in backquotes that is no option's stays.
std::string with_flags(std::string_view message);

}  // namespace focusllm::cli

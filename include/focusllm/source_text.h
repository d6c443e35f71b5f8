#pragma once

#include <string>
#include <string_view>

namespace focusllm {

/// A text, valid UTF-8, and the name to call it by: a file's, say.
struct SourceText {
  std::string name;
  std::string_view text;
};

}  // namespace focusllm

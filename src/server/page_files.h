#pragma once

#include <span>
#include <string_view>

namespace focusllm::server {

/// A file of src/server/page.
struct PageFile {
  std::string_view name, text;
};

/// All of them, by name.
std::span<const PageFile> page_files();

}  // namespace focusllm::server

#pragma once

#include <filesystem>
#include <string_view>

namespace focusllm {

/// The folder focusllm/`name` of XDG_CACHE_HOME, else of .cache in HOME, whether it is there or not. Empty
/// where the environment names neither. As XDG asks, a relative XDG_CACHE_HOME does not count.
std::filesystem::path cache_folder(std::string_view name);

}  // namespace focusllm

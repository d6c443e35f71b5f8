#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace focusllm {

/// The folder focusllm/`name` of XDG_CACHE_HOME, else of .cache in HOME, whether it is there or not. Empty
/// where the environment names neither. As XDG asks, a relative XDG_CACHE_HOME does not count.
std::filesystem::path cache_folder(std::string_view name);
/// Writes a file of such a folder, whole or not at all. What fails is left alone, as an entry saves time
/// only; so is an empty path.
void write_cache_entry(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace focusllm

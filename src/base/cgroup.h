#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace focusllm {

// What the control groups (v1, v2) of this process allow it, its own and all above them; nothing where they
// do not limit. Reads /proc/self and /sys/fs/cgroup below `root` (tests have made-up ones); what cannot be
// read does not limit.

/// Bytes that can still be taken. Page cache counts as free, but for pages of files that this process has
/// mapped: it needs them.
std::optional<std::int64_t> group_memory(const std::filesystem::path& root = "/");
/// Processors, by quota.
std::optional<double> group_processors(const std::filesystem::path& root = "/");

}  // namespace focusllm

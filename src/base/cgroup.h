#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace focusllm {

/// What the control groups (v1, v2) of this process allow it, its own and all above them.
struct GroupLimits {
  std::optional<std::int64_t> memory;  ///< bytes that can still be taken; page cache counts as free
  std::optional<double> processors;    ///< by quota
};

/// Reads /proc/self and /sys/fs/cgroup below `root` (tests have made-up ones). What cannot be read does not
/// limit. Pages of files that this process has mapped are not counted as free: it needs them.
GroupLimits group_limits(const std::filesystem::path& root = "/");

}  // namespace focusllm

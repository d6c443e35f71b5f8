#include "base/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace focusllm {
namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> read_number(const fs::path& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  if (file >> value) return value;
  return std::nullopt;  // missing, or "max"
}

/// The number behind a word at the beginning of a line.
std::int64_t read_entry(const fs::path& path, std::string_view word) {
  std::ifstream file(path);
  std::string key;
  std::int64_t value = 0;
  for (std::string line; std::getline(file, line);) {
    if (std::istringstream(line) >> key >> value && key == word) return value;
  }
  return 0;
}

/// How one version of control groups names its files.
struct Names {
  const char *limit, *used, *active, *inactive;
};
constexpr Names kSecond{"memory.max", "memory.current", "active_file", "inactive_file"};
constexpr Names kFirst{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_active_file",
                       "total_inactive_file"};

std::optional<std::int64_t> free_memory(const fs::path& group, const Names& names, std::int64_t mapped) {
  const auto limit = read_number(group / names.limit);
  const auto used = read_number(group / names.used);
  if (!limit || !used) return std::nullopt;
  const fs::path stat = group / "memory.stat";
  const std::int64_t cache = read_entry(stat, names.active) + read_entry(stat, names.inactive);
  const std::int64_t reclaimable = std::clamp<std::int64_t>(cache - mapped, 0, *used);
  return std::max<std::int64_t>(0, *limit - (*used - reclaimable));
}

std::optional<double> quota(const fs::path& group) {
  std::ifstream second(group / "cpu.max");
  double allowed = 0, period = 0;
  if (second >> allowed >> period && allowed > 0 && period > 0) return allowed / period;
  const auto first = read_number(group / "cpu.cfs_quota_us");
  const auto every = read_number(group / "cpu.cfs_period_us");
  if (first && every && *first > 0 && *every > 0)
    return static_cast<double>(*first) / static_cast<double>(*every);
  return std::nullopt;
}

/// A group and those above it, up to where the hierarchy is mounted. In a container the path may be the
/// host's, of which nothing is there: then the mounted one is its own.
std::vector<fs::path> with_parents(const fs::path& mount, const fs::path& group) {
  std::vector<fs::path> all;
  for (fs::path path = group.relative_path();; path = path.parent_path()) {
    std::error_code ignored;
    if (fs::is_directory(mount / path, ignored)) all.push_back(mount / path);
    if (path.empty()) return all;
  }
}

template <typename T>
void lower(std::optional<T>& to, const std::optional<T>& by) {
  if (by) to = to ? std::min(*to, *by) : *by;
}

bool names_controller(std::string_view controllers, std::string_view wanted) {
  for (std::size_t first = 0; first <= controllers.size();) {
    const std::size_t end = std::min(controllers.find(',', first), controllers.size());
    if (controllers.substr(first, end - first) == wanted) return true;
    first = end + 1;
  }
  return false;
}

}  // namespace

GroupLimits group_limits(const fs::path& root) {
  GroupLimits limits;
  const fs::path mounts = root / "sys/fs/cgroup";
  const std::int64_t mapped = 1024 * read_entry(root / "proc/self/status", "RssFile:");
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) {
      for (const fs::path& mount : {mounts, mounts / "unified"}) {
        for (const fs::path& group : with_parents(mount, path)) {
          lower(limits.memory, free_memory(group, kSecond, mapped));
          lower(limits.processors, quota(group));
        }
      }
    }
    for (const char* name : {"memory", "cpu"}) {
      if (!names_controller(controllers, name)) continue;
      for (const fs::path& mount : {mounts / name, mounts / controllers}) {
        for (const fs::path& group : with_parents(mount, path)) {
          lower(limits.memory, free_memory(group, kFirst, mapped));
          lower(limits.processors, quota(group));
        }
      }
    }
  }
  return limits;
}

}  // namespace focusllm

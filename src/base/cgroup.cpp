#include "base/cgroup.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
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

/// The sum of the numbers behind some words, each at the beginning of a line.
std::int64_t read_entries(const fs::path& path, std::initializer_list<std::string_view> words) {
  std::ifstream file(path);
  std::int64_t sum = 0;
  for (std::string line; std::getline(file, line);) {
    std::string key;
    std::int64_t value = 0;
    if (std::istringstream(line) >> key >> value && std::ranges::find(words, key) != words.end())
      sum += value;
  }
  return sum;
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
  const std::int64_t cache = read_entries(group / "memory.stat", {names.active, names.inactive});
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

struct Group {
  fs::path path;
  const Names& names;
};

/// A group and those above it, up to where the hierarchy is mounted. In a container the path may be the
/// host's, of which nothing is there: then the mounted one is its own.
void add_with_parents(const fs::path& mount, const fs::path& group, const Names& names,
                      std::vector<Group>& groups) {
  for (fs::path path = group.relative_path();; path = path.parent_path()) {
    std::error_code ignored;
    if (fs::is_directory(mount / path, ignored)) groups.push_back({mount / path, names});
    if (path.empty()) return;
  }
}

/// All that this process is in of version 2, and of version 1 for a controller.
std::vector<Group> groups_of(const fs::path& root, const std::string& controller) {
  std::vector<Group> groups;
  const fs::path mounts = root / "sys/fs/cgroup";
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) {
      for (const fs::path& mount : {mounts, mounts / "unified"})
        add_with_parents(mount, path, kSecond, groups);
    } else if (names_controller(controllers, controller)) {
      for (const fs::path& mount : {mounts / controller, mounts / controllers})
        add_with_parents(mount, path, kFirst, groups);
    }
  }
  return groups;
}

}  // namespace

std::optional<std::int64_t> group_memory(const fs::path& root) {
  const std::int64_t mapped = 1024 * read_entries(root / "proc/self/status", {"RssFile:"});
  std::optional<std::int64_t> least;
  for (const Group& group : groups_of(root, "memory"))
    lower(least, free_memory(group.path, group.names, mapped));
  return least;
}

std::optional<double> group_processors(const fs::path& root) {
  std::optional<double> least;
  for (const Group& group : groups_of(root, "cpu")) lower(least, quota(group.path));
  return least;
}

}  // namespace focusllm

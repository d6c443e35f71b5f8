#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include <sys/resource.h>

#include "base/error.h"

namespace focusllm {
namespace {

std::int64_t meminfo_available() {
  std::ifstream info("/proc/meminfo");
  std::string key;
  std::int64_t kib = 0;
  std::string unit;
  while (info >> key >> kib >> unit) {
    if (key == "MemAvailable:") return kib * 1024;
  }
  return std::numeric_limits<std::int64_t>::max();
}

std::int64_t read_number(const char* path) {
  std::ifstream file(path);
  std::int64_t value = -1;
  file >> value;
  return file ? value : -1;
}

}  // namespace

std::int64_t available_memory() {
  const std::int64_t system = meminfo_available();
  const std::int64_t limit = read_number("/sys/fs/cgroup/memory.max");
  const std::int64_t used = read_number("/sys/fs/cgroup/memory.current");
  if (limit < 0 || used < 0) return system;
  return std::min(system, std::max<std::int64_t>(0, limit - used));
}

std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

std::string format_bytes(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) value /= 1024, ++unit;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace focusllm

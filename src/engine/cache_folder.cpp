#include "engine/cache_folder.h"

#include <cstdlib>
#include <exception>

#include "base/output_file.h"

namespace focusllm {

std::filesystem::path cache_folder(std::string_view name) {
  namespace fs = std::filesystem;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute()) return fs::path(cache) / "focusllm" / name;
  const char* home = std::getenv("HOME");
  if (home == nullptr || !fs::path(home).is_absolute()) return {};
  return fs::path(home) / ".cache" / "focusllm" / name;
}

void write_cache_entry(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  if (path.empty()) return;
  try {
    std::filesystem::create_directories(path.parent_path());
    OutputFile out(path);
    out.write(bytes);
    out.commit();
  } catch (const std::exception&) {
    // It is a matter of time only.
  }
}

}  // namespace focusllm

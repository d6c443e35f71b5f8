#include "engine/cache_folder.h"

#include <cstdlib>

namespace focusllm {

std::filesystem::path cache_folder(std::string_view name) {
  namespace fs = std::filesystem;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute()) return fs::path(cache) / "focusllm" / name;
  const char* home = std::getenv("HOME");
  if (home == nullptr || !fs::path(home).is_absolute()) return {};
  return fs::path(home) / ".cache" / "focusllm" / name;
}

}  // namespace focusllm

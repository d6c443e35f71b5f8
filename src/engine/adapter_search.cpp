#include "engine/adapter_search.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/hash_cache.h"
#include "model/adapter.h"

namespace focusllm {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders(const fs::path& model) {
  std::vector<fs::path> found;
  if (const char* named = std::getenv("FOCUSLLM_ADAPTERS")) {
    std::istringstream list(named);
    for (std::string folder; std::getline(list, folder, ':');) found.emplace_back(folder);
  }
  found.push_back(model.parent_path() / "adapters");
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path above = program.parent_path().parent_path();
    found.push_back(above / "share" / "focusllm" / "adapters");  // installed: bin/ and share/
    found.push_back(above.parent_path() / "adapters");           // built: build/bin/ in the sources
  }
  return found;
}

std::vector<fs::path> gguf_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".gguf") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::shared_ptr<const gguf::File> open_adapter(const fs::path& path, const model::Spec& spec) {
  try {
    auto file = gguf::File::open(path);
    model::check_adapter(*file, spec);
    return file;
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

std::shared_ptr<const gguf::File> find_adapter(const gguf::File& base, const model::Spec& spec,
                                               std::string& base_hash) {
  for (const fs::path& folder : folders(base.path())) {
    for (const fs::path& path : gguf_files(folder)) {
      auto file = open_adapter(path, spec);
      if (!file) continue;
      if (base_hash.empty()) base_hash = known_weights_hash(base);
      if (model::base_hash(*file) == base_hash) return file;
    }
  }
  return nullptr;
}

}  // namespace focusllm

#include "engine/hash_cache.h"

#include <exception>
#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>

#include "base/hash.h"
#include "engine/cache_folder.h"
#include "model/adapter.h"

namespace focusllm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 32;

/// One for each path, so that a model that is replaced leaves nothing behind. Empty where there is none.
fs::path entry_of(const gguf::File& file) {
  const fs::path folder = cache_folder("weights");
  std::error_code error;
  const std::string path = fs::absolute(file.path(), error).string();
  if (folder.empty() || error) return {};
  return folder / content_hash(std::as_bytes(std::span(path)));
}

/// An entry is the hash and, behind it, what it is the hash of. Empty unless it is one of this.
std::string read_entry(const fs::path& path, const std::string& identity) {
  std::string entry(kDigits + 1 + identity.size(), '\0');
  std::ifstream stream(path, std::ios::binary);
  if (!stream.read(entry.data(), static_cast<std::streamsize>(entry.size())) || !entry.ends_with(identity))
    return {};
  entry.resize(kDigits);
  return entry.find_first_not_of("0123456789abcdef") == std::string::npos ? entry : std::string();
}

void write_entry(const fs::path& path, const std::string& identity, const std::string& hash) {
  const std::string entry = hash + "\n" + identity;
  write_cache_entry(path, std::as_bytes(std::span(entry)));
}

}  // namespace

std::string known_weights_hash(const gguf::File& file) {
  const std::string identity = file.identity();
  const fs::path path = identity.empty() ? fs::path() : entry_of(file);
  if (path.empty()) return model::weights_hash(file);
  if (std::string hash = read_entry(path, identity); !hash.empty()) return hash;
  std::string hash = model::weights_hash(file);
  try {
    file.check_unchanged();
    if (file.settled()) write_entry(path, identity, hash);
  } catch (const std::exception&) {
    // The file changed meanwhile: without an entry the hash is computed again.
  }
  return hash;
}

}  // namespace focusllm

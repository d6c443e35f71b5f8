#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "focusllm/saved.h"

namespace focusllm::store {

/// A piece as it is kept: the hash of its bytes, and their number.
struct Object {
  std::string hash;
  std::int64_t bytes = 0;
};

/// Pieces in files that are named by the hash of what is in them, so that equal ones are one file. A file
/// appears whole or not at all, and does not change. Thread-safe.
class Objects {
 public:
  explicit Objects(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Keeps a piece; one that is there already, and is what it should be, is not written again.
  Object put(const SavedPiece& piece);
  /// Maps a piece, all of which is read once to compare its hash. Throws Error that names the file.
  SavedPiece get(const Object& object) const;
  /// Whether the file is there and has its hash.
  bool sound(const Object& object) const;
  struct Removed {
    std::int64_t files = 0, bytes = 0;
  };
  /// Removes all files, unfinished ones too, whose hash is not `wanted`. Nobody may put meanwhile.
  Removed remove_others(const std::function<bool(const std::string& hash)>& wanted);

 private:
  std::filesystem::path path_of(const std::string& hash) const;
  bool known(const std::string& hash) const;
  void remember(const std::string& hash);

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  mutable std::unordered_set<std::string> known_;  ///< written, or compared by put(), by this process
};

}  // namespace focusllm::store

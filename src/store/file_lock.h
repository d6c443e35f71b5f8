#pragma once

#include <filesystem>
#include <optional>

namespace focusllm::store {

/// A lock that processes and threads hold on a file, many at once (shared) or one alone; it ends with its
/// holder, however that ends.
class FileLock {
 public:
  enum class Kind { shared, alone };
  /// Makes the file if there is none, and waits. Throws Error where it cannot be opened.
  FileLock(const std::filesystem::path& path, Kind kind);
  // Nothing where another one holds it, or where there is no file that may be opened.
  static std::optional<FileLock> try_alone(const std::filesystem::path& path);
  static std::optional<FileLock> try_shared(const std::filesystem::path& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static std::optional<FileLock> try_lock(const std::filesystem::path& path, int operation);
  int descriptor_ = -1;
};

}  // namespace focusllm::store

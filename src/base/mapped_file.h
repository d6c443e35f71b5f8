#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace focusllm {

/// A regular file mapped read-only into memory; moving it keeps the address of its bytes. Pages are read when
/// first touched, and shared with other processes. The mapping is private, but a file that another process
/// shortens or rewrites meanwhile is not protected against: reading behind its new end raises SIGBUS, as with
/// every mapped file.
class MappedFile {
 public:
  /// Throws Error if the file is missing, unreadable, empty or not a regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  /// Lets go of the whole pages in a part of the file, so that they do not count as this process's memory;
  /// they are read again if touched. Does nothing for bytes that are not of this file.
  void release(std::span<const std::byte> part) const;

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace focusllm

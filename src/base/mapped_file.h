#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <sys/stat.h>

namespace focusllm {

/// A regular file mapped read-only into memory; moving it keeps the address of its bytes. Pages are read when
/// first touched, and shared with other processes. The mapping is private, but a file that another process
/// writes to meanwhile is not protected against: its new bytes may show (check_unchanged), and reading behind
/// its new end raises SIGBUS, as with every mapped file (mapped_file_at).
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
  /// Throws Error if the file of this name was written to since it was mapped, or is another one. One that
  /// was removed is no error: nobody finds it to write to, and its bytes stay.
  void check_unchanged() const;
  /// What tells the file, as it was when it was mapped, from others and from what it was and will be: device,
  /// inode, size, times of modification and change, on a line.
  std::string identity() const;
  /// Whether it had not been modified for so long when it was mapped that any later write shows in its times,
  /// which file systems keep in steps of up to two seconds.
  bool settled() const { return settled_; }

 private:
  std::filesystem::path path_;
  struct stat status_ {};  ///< when it was mapped
  bool settled_ = false;
  std::span<const std::byte> bytes_;
};

/// The file that is mapped at an address, as it may be shown on a terminal; null if none is. For handlers of
/// SIGBUS: async-signal-safe, and valid as long as the mapping is.
const char* mapped_file_at(const void* address) noexcept;

}  // namespace focusllm

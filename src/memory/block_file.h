#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace focusllm::memory {

/// Records of equal size in a file without a name, which goes when this does, however the program ends.
/// Different records may be written or read from different threads.
class BlockFile {
 public:
  /// Throws Error if no file can be made in `directory`.
  BlockFile(const std::filesystem::path& directory, std::int64_t record_bytes);
  ~BlockFile();
  BlockFile(const BlockFile&) = delete;
  BlockFile& operator=(const BlockFile&) = delete;

  /// Throws Error, with what is left of the disk, when the record cannot be kept.
  void write(std::int64_t record, std::span<const std::byte> bytes);
  /// Throws Error when the record was never written or cannot be read.
  void read(std::int64_t record, std::span<std::byte> bytes) const;
  std::int64_t record_bytes() const { return record_bytes_; }

 private:
  [[noreturn]] void failed(const char* what, const std::string& why) const;

  std::filesystem::path directory_;
  std::int64_t record_bytes_;
  int descriptor_;
};

/// Bytes that a file in `directory` can still take. Throws Error if there is no such folder.
std::int64_t free_disk(const std::filesystem::path& directory);

}  // namespace focusllm::memory

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace focusllm {

/// A file that appears under its name only when it is complete: written as a temporary file in the same
/// folder, flushed to the disk, then renamed over what was there. Without commit() nothing is left behind.
class OutputFile {
 public:
  /// Throws Error if the folder cannot be written to.
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Throws Error if the disk is full or fails.
  void write(std::span<const std::byte> bytes);
  void commit();

 private:
  [[noreturn]] void reject(const char* what) const;
  void sync_folder() const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

}  // namespace focusllm

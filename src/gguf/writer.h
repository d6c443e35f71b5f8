#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "focusllm/gguf.h"
#include "tensor/block_type.h"

namespace focusllm::gguf {

/// Writes a GGUF v3 file: collect metadata and tensors, then write() puts all of it in place at once (a
/// temporary file in the same folder, flushed, then renamed), so that a full disk or a kill never leaves a
/// broken file. A key that is set again is replaced. Everything the reader would refuse throws Error here
/// already. Not thread-safe.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  void set(std::string key, std::uint32_t value);
  void set(std::string key, float value);
  void set(std::string key, bool value);
  void set(std::string key, std::string_view value);
  void set(std::string key, const char* value) { set(std::move(key), std::string_view(value)); }
  void set(std::string key, const std::vector<std::string>& value);
  void set(std::string key, const std::vector<float>& value);
  void set(std::string key, const std::vector<std::int32_t>& value);
  /// Copies one entry of another file as it is.
  void copy(const KeyValue& entry);
  /// Takes the bytes (size checked against type and dims).
  void add(std::string name, BlockType type, std::vector<std::int64_t> dims, std::vector<std::byte> data);
  /// Replaces a file that is there. Throws Error, and leaves what was there alone, if it cannot be written
  /// whole.
  void write(const std::filesystem::path& path) const;
  /// What write() writes.
  std::vector<std::byte> bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace focusllm::gguf

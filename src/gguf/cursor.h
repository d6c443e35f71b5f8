#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace focusllm::gguf {

static_assert(std::endian::native == std::endian::little, "GGUF files are read as they are: little-endian");

/// A name from a file, quoted for an error message: one line of printable ASCII, cut when long.
std::string quote_name(std::string_view name);

/// Reads a file's bytes front to back; no read goes behind the end. Errors name the file, what was being read
/// (the subject) and the byte offset.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, std::string file) : bytes_(bytes), file_(std::move(file)) {}

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& file() const { return file_; }
  void set_subject(std::string subject) { subject_ = std::move(subject); }

  template <typename T>
  T read() {
    require(sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }
  std::span<const std::byte> take(std::uint64_t size) {
    require(size);
    const auto taken = bytes_.subspan(offset_, static_cast<std::size_t>(size));
    offset_ += taken.size();
    return taken;
  }
  /// A 64-bit length and as many bytes; a length above `limit` is an error.
  std::string_view string(std::uint64_t limit);
  /// A 64-bit count of things that take at least `least_size` bytes each: no more than the rest of the file
  /// can hold.
  std::uint64_t count(std::uint64_t least_size, std::string_view what);

  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    reject_at(offset_, fmt::format(format, std::forward<Args>(args)...));
  }
  [[noreturn]] void reject_at(std::size_t offset, const std::string& problem) const;

 private:
  void require(std::uint64_t size) const {
    if (size > remaining()) reject_truncated(size);
  }
  [[noreturn]] void reject_truncated(std::uint64_t size) const;

  std::span<const std::byte> bytes_;
  std::size_t offset_ = 0;
  std::string file_;
  std::string subject_ = "header";
};

}  // namespace focusllm::gguf

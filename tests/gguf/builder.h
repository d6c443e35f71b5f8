#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace focusllm::gguf::test {

/// Puts together the bytes of a GGUF file without any check, to make broken ones.
class Builder {
 public:
  template <typename T>
  Builder& put(T value) {
    const std::size_t start = bytes_.size();
    bytes_.resize(start + sizeof value);
    std::memcpy(bytes_.data() + start, &value, sizeof value);
    return *this;
  }
  Builder& text(std::string_view text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }
  Builder& string(std::string_view value) { return put<std::uint64_t>(value.size()).text(value); }
  Builder& header(std::uint64_t tensors, std::uint64_t entries, std::uint32_t version = 3) {
    return text("GGUF").put(version).put(tensors).put(entries);
  }
  Builder& key(std::string_view key, std::uint32_t type) { return string(key).put(type); }
  Builder& array(std::string_view name, std::uint32_t element, std::uint64_t count) {
    return key(name, 9).put(element).put(count);
  }
  Builder& tensor(std::string_view name, std::vector<std::uint64_t> dims, std::uint32_t type,
                  std::uint64_t offset) {
    string(name).put(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) put(dim);
    return put(type).put(offset);
  }
  Builder& pad(std::size_t alignment = 32) {
    while (bytes_.size() % alignment != 0) put<std::uint8_t>(0);
    return *this;
  }
  Builder& zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace focusllm::gguf::test

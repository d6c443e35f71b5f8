#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>

namespace focusllm {

/// Uninitialised memory of `size` elements, aligned to 64 bytes. Throws std::bad_alloc.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) { resize(size); }
  /// Grows (contents are lost when it does, also where memory runs out); never shrinks its memory.
  void resize(std::size_t size) {
    if (size > capacity_) {
      constexpr std::size_t kMostBytes = std::numeric_limits<std::size_t>::max() - 63;
      if (size > kMostBytes / sizeof(T)) throw std::bad_alloc();
      const std::size_t bytes = (size * sizeof(T) + 63) / 64 * 64;
      data_.reset();  // frees before it takes: two copies need not fit
      size_ = capacity_ = 0;
      data_.reset(static_cast<T*>(std::aligned_alloc(64, bytes)));
      if (!data_) throw std::bad_alloc();
      capacity_ = size;
    }
    size_ = size;
  }
  AlignedBuffer copy() const {
    AlignedBuffer other(size_);
    std::copy_n(data(), size_, other.data());
    return other;
  }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Memory that a call fills anew before it reads it: a copy of its owner begins with none.
template <typename T>
class Scratch : public AlignedBuffer<T> {
 public:
  using AlignedBuffer<T>::AlignedBuffer;
  Scratch() = default;
  Scratch(const Scratch& /*other*/) : AlignedBuffer<T>() {}
  Scratch(Scratch&&) noexcept = default;
  Scratch& operator=(const Scratch& /*other*/) { return *this; }
  Scratch& operator=(Scratch&&) noexcept = default;
  ~Scratch() = default;
};

/// Asks the system for large pages where they fit into memory that was not yet written, so that reading all
/// of it looks up fewer addresses. A system without them goes on with small ones.
void prefer_large_pages(void* data, std::size_t bytes);

/// Bytes that can still be taken without swapping: MemAvailable, and what the control groups leave
/// (base/cgroup.h). `root`: for tests.
std::int64_t available_memory(const std::filesystem::path& root = "/");
/// The most memory that this process has held so far, in bytes.
std::int64_t peak_memory();
/// "1.5 GiB", "23 KiB".
std::string format_bytes(std::int64_t bytes);

}  // namespace focusllm

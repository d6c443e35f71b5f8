#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/memory.h"
#include "focusllm/saved.h"

namespace focusllm::memory {

/// Puts what a session holds into pieces (SavedSession): small things one behind the other into a record,
/// which is the first piece; what is large is a piece of its own and not copied. Little-endian. What is put
/// in one order is taken by a Loader in the same.
class Saver {
 public:
  /// Bytes from which on something is a piece of its own.
  static constexpr std::size_t kLarge = std::size_t{1} << 20;

  void number(std::int64_t value) { put(std::as_bytes(std::span(&value, 1))); }
  void text(std::string_view text) { array(std::span(text)); }
  template <typename T, std::size_t kCount>
  void array(std::span<T, kCount> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    number(std::ssize(values));
    put(std::as_bytes(values));
  }
  /// Bytes whose number the Loader knows; they begin at a multiple of 64 bytes.
  void bytes(SavedPiece piece);
  /// All of it; nothing may be put behind it.
  std::vector<SavedPiece> take();

 private:
  void put(std::span<const std::byte> bytes) { record_.insert(record_.end(), bytes.begin(), bytes.end()); }

  std::vector<std::byte> record_;
  std::vector<SavedPiece> large_;
};

/// Takes what a Saver put, in the same order. Numbers are checked against what there is before memory is
/// taken for them; what does not fit throws Error.
class Loader {
 public:
  /// Throws Error where there is no record.
  explicit Loader(std::span<const SavedPiece> pieces);

  std::int64_t number();
  /// Throws Error for one outside of [least, most].
  std::int64_t number(std::int64_t least, std::int64_t most);
  std::string text() {
    const auto letters = array<char>();
    return {letters.begin(), letters.end()};
  }
  template <typename T>
  std::vector<T> array() {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto count = static_cast<std::size_t>(number(0, left() / static_cast<std::int64_t>(sizeof(T))));
    std::vector<T> values(count);
    const auto bytes = take(count * sizeof(T));
    if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  /// At a multiple of 64 bytes; what keeps them comes with them.
  std::shared_ptr<const std::byte> bytes(std::size_t count);
  /// Throws Error where something is left.
  void finish() const;
  /// What does not fit together.
  [[noreturn]] static void reject();

 private:
  struct Whole {
    std::shared_ptr<const std::byte> data;
    std::size_t size = 0;
  };
  static Whole whole(const SavedPiece& piece);
  std::int64_t left() const { return static_cast<std::int64_t>(record_.size - place_); }
  std::span<const std::byte> take(std::size_t count);

  std::span<const SavedPiece> large_;
  Whole record_;
  std::size_t place_ = 0;
};

}  // namespace focusllm::memory

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace focusllm::gguf {

/// Types of metadata values; the numbers are the file's.
enum class ValueType : std::uint32_t {
  uint8 = 0,
  int8 = 1,
  uint16 = 2,
  int16 = 3,
  uint32 = 4,
  int32 = 5,
  float32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  uint64 = 10,
  int64 = 11,
  float64 = 12,
};

/// Bytes that a number or boolean takes in a file; nothing for strings, arrays and unknown types.
std::optional<std::size_t> number_size(ValueType type);

/// An array of numbers or booleans, left as it is in the mapped file and converted when asked for.
class NumberArray {
 public:
  /// `bytes` holds whole elements of `type`, which has a number_size(); booleans are 0 or 1.
  NumberArray(ValueType type, std::span<const std::byte> bytes);
  ValueType type() const { return type_; }
  std::size_t size() const;
  std::vector<double> numbers() const;
  /// Booleans as 0 and 1; nothing for floats and for an element beyond int64.
  std::optional<std::vector<std::int64_t>> integers() const;

 private:
  ValueType type_;
  std::span<const std::byte> bytes_;
};

/// A metadata value. What it refers to lives as long as its File.
struct Value {
  using Strings = std::vector<std::string_view>;  ///< views into the mapped file
  std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, Strings, NumberArray> data;
  /// Its type and value as they stand in the file, for copying.
  std::span<const std::byte> encoded;

  /// "integer", "array of strings"...: for error messages.
  std::string_view kind() const;
};

}  // namespace focusllm::gguf

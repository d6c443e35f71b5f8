#include <cstring>
#include <limits>

#include "base/error.h"
#include "focusllm/gguf.h"

namespace focusllm::gguf {
namespace {

template <typename Out, typename In>
std::vector<Out> convert(std::span<const std::byte> bytes) {
  std::vector<Out> out(bytes.size() / sizeof(In));
  for (std::size_t i = 0; i < out.size(); ++i) {
    In value;
    std::memcpy(&value, bytes.data() + i * sizeof(In), sizeof(In));
    out[i] = static_cast<Out>(value);  // NOLINT(bugprone-signed-char-misuse): an int8 is a number here
  }
  return out;
}

template <typename Out>
std::vector<Out> convert_integers(ValueType type, std::span<const std::byte> bytes) {
  switch (type) {
    case ValueType::boolean:
    case ValueType::uint8:
      return convert<Out, std::uint8_t>(bytes);
    case ValueType::int8:
      return convert<Out, std::int8_t>(bytes);
    case ValueType::uint16:
      return convert<Out, std::uint16_t>(bytes);
    case ValueType::int16:
      return convert<Out, std::int16_t>(bytes);
    case ValueType::uint32:
      return convert<Out, std::uint32_t>(bytes);
    case ValueType::int32:
      return convert<Out, std::int32_t>(bytes);
    case ValueType::uint64:
      return convert<Out, std::uint64_t>(bytes);
    case ValueType::int64:
      return convert<Out, std::int64_t>(bytes);
    default:
      return {};
  }
}

bool beyond_int64(std::span<const std::byte> bytes) {
  for (std::size_t i = 7; i < bytes.size(); i += 8) {
    if ((bytes[i] & std::byte{0x80}) != std::byte{0}) return true;
  }
  return false;
}

struct KindName {
  std::string_view operator()(std::uint64_t) const { return "integer"; }
  std::string_view operator()(std::int64_t) const { return "integer"; }
  std::string_view operator()(double) const { return "number"; }
  std::string_view operator()(bool) const { return "boolean"; }
  std::string_view operator()(std::string_view) const { return "string"; }
  std::string_view operator()(const Value::Strings&) const { return "array of strings"; }
  std::string_view operator()(const NumberArray& array) const {
    const bool real = array.type() == ValueType::float32 || array.type() == ValueType::float64;
    if (array.type() == ValueType::boolean) return "array of booleans";
    return real ? "array of numbers" : "array of integers";
  }
};

}  // namespace

std::optional<std::size_t> number_size(ValueType type) {
  switch (type) {
    case ValueType::uint8:
    case ValueType::int8:
    case ValueType::boolean:
      return 1;
    case ValueType::uint16:
    case ValueType::int16:
      return 2;
    case ValueType::uint32:
    case ValueType::int32:
    case ValueType::float32:
      return 4;
    case ValueType::uint64:
    case ValueType::int64:
    case ValueType::float64:
      return 8;
    case ValueType::string:
    case ValueType::array:
      break;
  }
  return std::nullopt;
}

NumberArray::NumberArray(ValueType type, std::span<const std::byte> bytes) : type_(type), bytes_(bytes) {
  if (!number_size(type))
    fail("an array of numbers cannot have element type {}", static_cast<std::uint32_t>(type));
}

std::size_t NumberArray::size() const {
  return bytes_.size() / *number_size(type_);
}

std::vector<double> NumberArray::numbers() const {
  if (type_ == ValueType::float32) return convert<double, float>(bytes_);
  if (type_ == ValueType::float64) return convert<double, double>(bytes_);
  return convert_integers<double>(type_, bytes_);
}

std::optional<std::vector<std::int64_t>> NumberArray::integers() const {
  if (type_ == ValueType::float32 || type_ == ValueType::float64) return std::nullopt;
  if (type_ == ValueType::uint64 && beyond_int64(bytes_)) return std::nullopt;
  return convert_integers<std::int64_t>(type_, bytes_);
}

std::string_view Value::kind() const {
  return std::visit(KindName{}, data);
}

}  // namespace focusllm::gguf

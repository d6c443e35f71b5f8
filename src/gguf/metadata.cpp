#include "gguf/metadata.h"

#include <algorithm>

namespace focusllm::gguf {
namespace {

class MetadataReader {
 public:
  explicit MetadataReader(Cursor& cursor) : cursor_(cursor) {}

  KeyValue entry() {
    const std::string_view key = cursor_.string(max_key_bytes);
    if (key.empty()) cursor_.reject("the key is empty");
    cursor_.set_subject("metadata key " + quote_name(key));
    const std::size_t start = cursor_.offset();
    const ValueType type = value_type();
    KeyValue entry{std::string(key), {value(type), {}}};
    entry.value.encoded = cursor_.bytes().subspan(start, cursor_.offset() - start);
    return entry;
  }

 private:
  using Data = decltype(Value::data);

  ValueType value_type() {
    const std::size_t start = cursor_.offset();
    const auto type = cursor_.read<std::uint32_t>();
    if (type > static_cast<std::uint32_t>(ValueType::float64)) {
      cursor_.reject_at(start, fmt::format("unknown value type {}", type));
    }
    return static_cast<ValueType>(type);
  }

  Data value(ValueType type) {
    switch (type) {
      case ValueType::uint8:
        return unsigned_value<std::uint8_t>();
      case ValueType::uint16:
        return unsigned_value<std::uint16_t>();
      case ValueType::uint32:
        return unsigned_value<std::uint32_t>();
      case ValueType::uint64:
        return unsigned_value<std::uint64_t>();
      case ValueType::int8:
        return signed_value<std::int8_t>();
      case ValueType::int16:
        return signed_value<std::int16_t>();
      case ValueType::int32:
        return signed_value<std::int32_t>();
      case ValueType::int64:
        return signed_value<std::int64_t>();
      case ValueType::float32:
        return static_cast<double>(cursor_.read<float>());
      case ValueType::float64:
        return cursor_.read<double>();
      case ValueType::boolean:
        return boolean();
      case ValueType::string:
        return cursor_.string(cursor_.remaining());
      case ValueType::array:
        return array();
    }
    cursor_.reject("unknown value type");
  }

  template <typename T>
  std::uint64_t unsigned_value() {
    return cursor_.read<T>();
  }
  template <typename T>
  std::int64_t signed_value() {
    return cursor_.read<T>();
  }

  bool boolean() {
    const auto bytes = cursor_.take(1);
    check_booleans(bytes);
    return bytes[0] == std::byte{1};
  }

  void check_booleans(std::span<const std::byte> bytes) const {
    const auto bad = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; });
    if (bad == bytes.end()) return;
    const auto offset = static_cast<std::size_t>(&*bad - cursor_.bytes().data());
    cursor_.reject_at(offset, fmt::format("a boolean must be 0 or 1, not {}", static_cast<int>(*bad)));
  }

  Data array() {
    const std::size_t start = cursor_.offset();
    const ValueType type = value_type();
    if (type == ValueType::array) cursor_.reject_at(start, "arrays of arrays are not supported");
    if (type == ValueType::string) return strings();
    const std::uint64_t size = *number_size(type);
    const auto bytes = cursor_.take(cursor_.count(size, "array elements") * size);
    if (type == ValueType::boolean) check_booleans(bytes);
    return NumberArray(type, bytes);
  }

  Value::Strings strings() {
    const std::uint64_t count = cursor_.count(sizeof(std::uint64_t), "strings");
    strings_ += count;  // both below 2^61
    if (strings_ > max_strings)
      cursor_.reject("{} strings: more than any model has ({})", strings_, max_strings);
    Value::Strings strings;
    strings.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) strings.push_back(cursor_.string(cursor_.remaining()));
    return strings;
  }

  Cursor& cursor_;
  std::uint64_t strings_ = 0;
};

}  // namespace

std::vector<KeyValue> read_metadata(Cursor& cursor, std::uint64_t count) {
  MetadataReader reader(cursor);
  std::vector<KeyValue> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    cursor.set_subject(fmt::format("metadata entry {} of {}", i + 1, count));
    entries.push_back(reader.entry());
  }
  return entries;
}

}  // namespace focusllm::gguf

#include "gguf/writer.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/output_file.h"
#include "gguf/cursor.h"
#include "gguf/metadata.h"
#include "gguf/tensor_layout.h"

namespace focusllm::gguf {
namespace {

using Bytes = std::vector<std::byte>;

void put_bytes(Bytes& out, const void* data, std::size_t size) {
  if (size == 0) return;
  const std::size_t start = out.size();
  out.resize(start + size);
  std::memcpy(out.data() + start, data, size);
}

template <typename T>
void put(Bytes& out, T value) {
  put_bytes(out, &value, sizeof value);
}

void put_string(Bytes& out, std::string_view text) {
  put<std::uint64_t>(out, text.size());
  put_bytes(out, text.data(), text.size());
}

template <typename T>
Bytes encode_number(ValueType type, T value) {
  Bytes out;
  put(out, type);
  put(out, value);
  return out;
}

Bytes array_head(ValueType element, std::size_t count) {
  Bytes out;
  put(out, ValueType::array);
  put(out, element);
  put<std::uint64_t>(out, count);
  return out;
}

template <typename T>
Bytes encode_array(ValueType element, const std::vector<T>& values) {
  Bytes out = array_head(element, values.size());
  put_bytes(out, values.data(), values.size() * sizeof(T));
  return out;
}

std::size_t padding(std::size_t size, std::uint64_t alignment) {
  return align_up(size, alignment) - size;
}

}  // namespace

struct Writer::Impl {
  struct Entry {
    std::string key;
    Bytes encoded;  ///< type and value
  };
  struct Blob {
    std::string name;
    BlockType type;
    std::vector<std::int64_t> dims;
    Bytes data;
  };
  std::vector<Entry> entries;
  std::vector<Blob> tensors;

  void set(std::string key, Bytes encoded) {
    if (key.empty() || key.size() > max_key_bytes) {
      fail("metadata key {}: {} bytes, not 1 to {}", quote_name(key), key.size(), max_key_bytes);
    }
    if (key == alignment_key) check_alignment(alignment_in(encoded));
    const auto known =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    if (known != entries.end()) {
      known->encoded = std::move(encoded);
    } else {
      entries.push_back({std::move(key), std::move(encoded)});
    }
  }

  static std::uint64_t alignment_in(const Bytes& encoded) {
    if (encoded.size() != 8 || encoded[0] != static_cast<std::byte>(ValueType::uint32)) {
      fail("metadata key \"{}\": a 32-bit unsigned integer is expected", alignment_key);
    }
    std::uint32_t value;
    std::memcpy(&value, encoded.data() + 4, sizeof value);
    return value;
  }

  std::uint64_t alignment() const {
    for (const Entry& entry : entries) {
      if (entry.key == alignment_key) return alignment_in(entry.encoded);
    }
    return default_alignment;
  }

  /// Everything in front of the tensors' data, padded.
  Bytes header() const {
    Bytes out;
    put_bytes(out, "GGUF", 4);
    put<std::uint32_t>(out, 3);
    put<std::uint64_t>(out, tensors.size());
    put<std::uint64_t>(out, entries.size());
    for (const Entry& entry : entries) {
      put_string(out, entry.key);
      put_bytes(out, entry.encoded.data(), entry.encoded.size());
    }
    put_descriptions(out);
    out.resize(out.size() + padding(out.size(), alignment()));
    return out;
  }

  void put_descriptions(Bytes& out) const {
    std::uint64_t offset = 0;
    for (const Blob& tensor : tensors) {
      put_string(out, tensor.name);
      put(out, static_cast<std::uint32_t>(tensor.dims.size()));
      for (const std::int64_t dim : tensor.dims) put(out, dim);
      put(out, tensor.type);
      put(out, offset);
      offset = align_up(offset + tensor.data.size(), alignment());
    }
  }

  /// Hands the file to `sink` piece by piece.
  template <typename Sink>
  void emit(Sink&& sink) const {
    const Bytes zeros(alignment());
    sink(std::span<const std::byte>(header()));
    for (const Blob& tensor : tensors) {
      sink(std::span<const std::byte>(tensor.data));
      sink(std::span<const std::byte>(zeros).first(padding(tensor.data.size(), alignment())));
    }
  }
};

Writer::Writer() : impl_(std::make_unique<Impl>()) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::set(std::string key, std::uint32_t value) {
  impl_->set(std::move(key), encode_number(ValueType::uint32, value));
}

void Writer::set(std::string key, float value) {
  impl_->set(std::move(key), encode_number(ValueType::float32, value));
}

void Writer::set(std::string key, bool value) {
  impl_->set(std::move(key), encode_number(ValueType::boolean, static_cast<std::uint8_t>(value)));
}

void Writer::set(std::string key, std::string_view value) {
  Bytes out;
  put(out, ValueType::string);
  put_string(out, value);
  impl_->set(std::move(key), std::move(out));
}

void Writer::set(std::string key, const std::vector<std::string>& value) {
  Bytes out = array_head(ValueType::string, value.size());
  for (const std::string& text : value) put_string(out, text);
  impl_->set(std::move(key), std::move(out));
}

void Writer::set(std::string key, const std::vector<float>& value) {
  impl_->set(std::move(key), encode_array(ValueType::float32, value));
}

void Writer::set(std::string key, const std::vector<std::int32_t>& value) {
  impl_->set(std::move(key), encode_array(ValueType::int32, value));
}

void Writer::copy(const KeyValue& entry) {
  if (entry.value.encoded.empty())
    fail("metadata key {}: is of no file, cannot be copied", quote_name(entry.key));
  impl_->set(entry.key, Bytes(entry.value.encoded.begin(), entry.value.encoded.end()));
}

void Writer::add(std::string name, BlockType type, std::vector<std::int64_t> dims,
                 std::vector<std::byte> data) {
  if (name.empty() || name.size() > max_tensor_name) {
    fail("tensor {}: the name has {} bytes, not 1 to {}", quote_name(name), name.size(), max_tensor_name);
  }
  for (const auto& tensor : impl_->tensors) {
    if (tensor.name == name) fail("tensor {}: added twice", quote_name(name));
  }
  std::uint64_t expected = 0;
  try {
    expected = tensor_bytes(type, dims);
  } catch (const Error& error) {
    fail("tensor {}: {}", quote_name(name), error.what());
  }
  if (data.size() != expected)
    fail("tensor {}: {} bytes, but it has {}", quote_name(name), data.size(), expected);
  impl_->tensors.push_back({std::move(name), type, std::move(dims), std::move(data)});
}

void Writer::write(const std::filesystem::path& path) const {
  OutputFile file(path);
  impl_->emit([&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.commit();
}

std::vector<std::byte> Writer::bytes() const {
  Bytes out;
  impl_->emit([&](std::span<const std::byte> bytes) { put_bytes(out, bytes.data(), bytes.size()); });
  return out;
}

}  // namespace focusllm::gguf

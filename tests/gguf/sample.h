#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "focusllm/gguf.h"
#include "gguf/writer.h"
#include "tensor/block_type.h"

namespace focusllm::gguf::test {

/// A small valid file with every kind of value, whose last tensor ends where the file does.
inline Writer sample_writer() {
  Writer writer;
  writer.set("general.architecture", "llama");
  writer.set("count", std::uint32_t{7});
  writer.set("scale", 0.5F);
  writer.set("flag", true);
  writer.set("tokens", std::vector<std::string>{"a", "", "long token"});
  writer.set("scores", std::vector<float>{1.5F, -2.0F});
  writer.set("types", std::vector<std::int32_t>{1, -3, 6});
  writer.add("norm", BlockType::f32, {8}, std::vector<std::byte>(32, std::byte{1}));
  writer.add("weight", BlockType::q8_0, {64, 3}, std::vector<std::byte>(204, std::byte{2}));
  writer.add("bias", BlockType::f16, {16}, std::vector<std::byte>(32, std::byte{3}));
  return writer;
}

/// Asks a file that was accepted for everything that it offers and reads all of it; wrong kinds may throw
/// Error. Throws std::logic_error if a tensor is not what it says. Returns a sum, so that no read is left
/// out.
inline double use_everything(const File& file) {
  double sum = 0;
  const auto attempt = [&](auto&& read) {
    try {
      sum += read();
    } catch (const Error&) {
    }
  };
  for (const KeyValue& entry : file.metadata()) {
    const std::string& key = entry.key;
    if (file.find(key) != &entry.value) throw std::logic_error("a key is not found");
    attempt([&] { return static_cast<double>(file.require_integer(key)); });
    attempt([&] { return file.require_number(key); });
    attempt([&] { return *file.boolean(key) ? 1.0 : 0.0; });
    attempt([&] { return static_cast<double>(std::string(file.require_string(key)).size()); });
    attempt([&] {
      std::size_t size = 0;
      for (const auto text : file.strings(key)) size += std::string(text).size();
      return static_cast<double>(size);
    });
    attempt([&] { return static_cast<double>(file.numbers(key).size()); });
    attempt([&] { return static_cast<double>(file.integers(key).size()); });
  }
  for (const Tensor& tensor : file.tensors()) {
    const BlockTraits traits = block_traits(tensor.type);
    const auto size = static_cast<std::int64_t>(tensor.data.size());
    if (file.find_tensor(tensor.name) != &tensor) throw std::logic_error("a tensor is not found");
    if (tensor.elements() / traits.elements * traits.bytes != size)
      throw std::logic_error("a tensor's size is wrong");
    std::vector<float> block(static_cast<std::size_t>(traits.elements));
    for (std::int64_t at = 0; at < size; at += traits.bytes) {
      dequantize(tensor.type, tensor.data.data() + at, traits.elements, block.data());
      sum += block[0];
    }
    attempt([&] { return static_cast<double>(tensor.matrix().rows); });
  }
  return sum;
}

}  // namespace focusllm::gguf::test

#include "model/adapter.h"

#include <span>
#include <vector>

#include "base/hash.h"

namespace focusllm::model {

std::string weights_hash(const gguf::File& file) {
  std::vector<std::span<const std::byte>> pieces;
  for (const gguf::Tensor& tensor : file.tensors()) {
    pieces.push_back(std::as_bytes(std::span(tensor.name)));
    pieces.push_back(tensor.data);
  }
  return content_hash(pieces);
}

}  // namespace focusllm::model

#include "model/spec.h"

#include "model/architectures.h"

namespace focusllm::model {

std::int64_t Spec::layer_parameters() const {
  const std::int64_t attention = std::int64_t{width} * qkv_width() + std::int64_t{attention_width()} * width;
  return layers * (attention + 3LL * width * feed_forward);
}

Spec Spec::from(const gguf::File& file) {
  return read_spec(file);
}

}  // namespace focusllm::model

#include "model/named_tensors.h"

#include "base/error.h"

namespace focusllm::model {

const gguf::Tensor* NamedTensors::find(const std::string& name) {
  const gguf::Tensor* tensor = file_.find_tensor(name);
  if (tensor != nullptr) used_.insert(name);
  return tensor;
}

BlockMatrix NamedTensors::matrix(const std::string& name, std::int64_t rows, std::int64_t cols) {
  used_.insert(name);
  const BlockMatrix matrix = file_.tensor(name).matrix();
  if (matrix.rows != rows || matrix.cols != cols) {
    fail("{}: tensor {} is {} x {}; the model needs {} x {}", file_.path().string(), name, matrix.rows,
         matrix.cols, rows, cols);
  }
  return matrix;
}

std::vector<float> NamedTensors::vector(const std::string& name, std::int64_t size) {
  used_.insert(name);
  const gguf::Tensor& tensor = file_.tensor(name);
  if (tensor.elements() != size) {
    fail("{}: tensor {} has {} elements; the model needs {}", file_.path().string(), name, tensor.elements(),
         size);
  }
  std::vector<float> values(static_cast<std::size_t>(size));
  dequantize(tensor.type, tensor.data.data(), size, values.data());
  return values;
}

void NamedTensors::check_all_used(std::string_view says) const {
  for (const gguf::Tensor& tensor : file_.tensors()) {
    if (!used_.contains(tensor.name)) fail("{}: tensor {} {}", file_.path().string(), tensor.name, says);
  }
}

}  // namespace focusllm::model

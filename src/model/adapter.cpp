#include "model/adapter.h"

#include <span>
#include <vector>

#include "base/error.h"
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

std::string base_hash(const gguf::File& adapter) {
  const std::string path = adapter.path().string();
  const auto is = [&](std::string_view key, std::string_view wanted) {
    const auto value = adapter.string(key);
    if (value != wanted) fail("{}: {} is not \"{}\": this is no FocusLLM adapter", path, key, wanted);
  };
  is("general.type", "adapter");
  is("adapter.type", "focusllm");
  return std::string(adapter.require_string("focusllm.base.hash"));
}

void check_base(const gguf::File& adapter, const gguf::File& base, std::string_view hash) {
  const std::string wanted = base_hash(adapter);
  if (hash == wanted) return;
  fail("{}: made for a model with weights {}; {} has {}: train an adapter for it, or give the other model",
       adapter.path().string(), wanted, base.path().string(), hash);
}

AdapterTensors::AdapterTensors(const gguf::File& adapter, std::string_view architecture, ProductType type)
    : file_(adapter), type_(type == ProductType::int8 ? ProductType::automatic : type) {
  base_hash(adapter);
  if (const auto made_for = adapter.require_string("general.architecture"); made_for != architecture) {
    fail("{}: an adapter for {} models; the model is {}", adapter.path().string(), made_for, architecture);
  }
  alpha_ = adapter.number("adapter.lora.alpha").value_or(0);
}

const gguf::Tensor* AdapterTensors::find(const std::string& name) {
  const gguf::Tensor* tensor = file_.find_tensor(name);
  if (tensor != nullptr) used_.insert(name);
  return tensor;
}

BlockMatrix AdapterTensors::matrix(const gguf::Tensor& tensor, std::int64_t rows, std::int64_t cols) const {
  const BlockMatrix matrix = tensor.matrix();
  if (matrix.rows != rows || matrix.cols != cols) {
    fail("{}: tensor {} is {} x {}; the model needs {} x {}", file_.path().string(), tensor.name, matrix.rows,
         matrix.cols, rows, cols);
  }
  return matrix;
}

std::optional<BlockMatrix> AdapterTensors::whole(const std::string& name, std::int64_t outputs,
                                                 std::int64_t inputs) {
  const gguf::Tensor* tensor = find(name);
  if (tensor == nullptr) return std::nullopt;
  return matrix(*tensor, outputs, inputs);
}

std::optional<LowRank::Part> AdapterTensors::low_rank(const std::string& name, std::int64_t outputs,
                                                      std::int64_t inputs, std::int64_t first) {
  const gguf::Tensor* a = find(name + ".lora_a");
  const gguf::Tensor* b = find(name + ".lora_b");
  if (a == nullptr && b == nullptr) return std::nullopt;
  const std::string path = file_.path().string();
  if (a == nullptr || b == nullptr) fail("{}: {}: only one of lora_a and lora_b is there", path, name);
  const std::int64_t rank = a->matrix().rows;
  if (!(alpha_ > 0)) fail("{}: adapter.lora.alpha is missing or not positive", path);
  const auto scale = static_cast<float>(alpha_ / static_cast<double>(rank));
  return LowRank::Part{Linear({matrix(*a, rank, inputs)}, type_), Linear({matrix(*b, outputs, rank)}, type_),
                       scale, first};
}

void AdapterTensors::check_all_used() const {
  for (const gguf::Tensor& tensor : file_.tensors()) {
    if (!used_.contains(tensor.name)) {
      fail("{}: tensor {} belongs to no projection of the model", file_.path().string(), tensor.name);
    }
  }
}

}  // namespace focusllm::model

#include "model/adapter.h"

#include <span>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "model/named_tensors.h"
#include "model/projections.h"

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

namespace {

constexpr const char* kAlpha = "adapter.lora.alpha";

/// A matrix of the model, or the two of a low-rank addition to it, with the shapes that it needs.
void check_projection(const gguf::File& adapter, NamedTensors& tensors, const std::string& name,
                      const Projection& projection) {
  if (tensors.find(name) != nullptr) tensors.matrix(name, projection.outputs, projection.inputs);
  const gguf::Tensor* a = tensors.find(name + ".lora_a");
  const gguf::Tensor* b = tensors.find(name + ".lora_b");
  if (a == nullptr && b == nullptr) return;
  const std::string path = adapter.path().string();
  if (a == nullptr || b == nullptr) fail("{}: {}: only one of lora_a and lora_b is there", path, name);
  const std::int64_t rank = a->matrix().rows;
  tensors.matrix(name + ".lora_a", rank, projection.inputs);
  tensors.matrix(name + ".lora_b", projection.outputs, rank);
  if (!(adapter.number(kAlpha).value_or(0) > 0)) fail("{}: {} is missing or not positive", path, kAlpha);
}

}  // namespace

void check_adapter(const gguf::File& adapter, const Spec& spec) {
  base_hash(adapter);
  if (const auto made_for = adapter.require_string("general.architecture"); made_for != spec.architecture) {
    fail("{}: an adapter for {} models; the model is {}", adapter.path().string(), made_for,
         spec.architecture);
  }
  NamedTensors tensors(adapter);
  for (int layer = 0; layer < spec.layers; ++layer) {
    for (const Projection& projection : projections(spec))
      check_projection(adapter, tensors, projection.tensor(layer), projection);
  }
  tensors.check_all_used("belongs to no projection of the model");
}

AdapterTensors::AdapterTensors(const gguf::File& adapter, const Arithmetic& arithmetic)
    : file_(adapter),
      arithmetic_{arithmetic.type == ProductType::int8 ? ProductType::automatic : arithmetic.type,
                  arithmetic.isa} {}

std::optional<BlockMatrix> AdapterTensors::whole(const std::string& name) const {
  const gguf::Tensor* tensor = file_.find_tensor(name);
  if (tensor == nullptr) return std::nullopt;
  return tensor->matrix();
}

std::optional<LowRank::Part> AdapterTensors::low_rank(const std::string& name, std::int64_t first) const {
  const gguf::Tensor* tensor = file_.find_tensor(name + ".lora_a");
  if (tensor == nullptr) return std::nullopt;
  const BlockMatrix a = tensor->matrix();
  const BlockMatrix b = file_.tensor(name + ".lora_b").matrix();
  const auto scale = static_cast<float>(file_.require_number(kAlpha) / static_cast<double>(a.rows));
  return LowRank::Part{Linear({a}, arithmetic_), Linear({b}, arithmetic_), scale, first};
}

}  // namespace focusllm::model

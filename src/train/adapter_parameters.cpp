#include "train/adapter_parameters.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>

#include "base/error.h"
#include "model/projections.h"
#include "tensor/block_type.h"
#include "train/products.h"

namespace focusllm::train {
namespace {

using torch::Tensor;

std::int64_t count(const model::Spec& spec, std::int64_t rank) {
  std::int64_t numbers = 0;
  for (const auto& [name, outputs, inputs] : model::projections(spec))
    numbers += rank > 0 ? rank * (inputs + outputs) : outputs * inputs;
  return numbers * spec.layers;
}

/// The model's own q, k, v, o.
std::array<BlockMatrix, 4> own_matrices(const model::Layer& layer) {
  const auto qkv = layer.qkv.own.stack();
  return {qkv[0], qkv[1], qkv[2], layer.attention_out.own.stack()[0]};
}

void add_f16(gguf::Writer& writer, const std::string& name, const Tensor& value) {
  const auto half = value.detach().to(torch::kCPU).to(torch::kHalf).contiguous();
  if (!half.isfinite().all().item<bool>()) {
    fail("adapter: {} holds a number that F16 cannot hold: training has gone astray", name);
  }
  const auto* bytes = static_cast<const std::byte*>(half.data_ptr());
  writer.add(name, BlockType::f16, {half.size(1), half.size(0)}, {bytes, bytes + half.nbytes()});
}

/// Into `to`, whose shape is the one that is wanted.
void copy_tensor(const gguf::File& file, const std::string& name, const Tensor& to) {
  const gguf::Tensor* tensor = file.find_tensor(name);
  if (tensor == nullptr)
    fail("{}: no tensor {}: it is not of the kind (full copies, low-rank) that this run trains",
         file.path().string(), name);
  const BlockMatrix matrix = tensor->matrix();
  if (matrix.rows != to.size(0) || matrix.cols != to.size(1))
    fail("{}: {} is {} x {}, this run has {} x {}: give the rank that it was made with", file.path().string(),
         name, matrix.rows, matrix.cols, to.size(0), to.size(1));
  to.copy_(dequantized({matrix}));
}

}  // namespace

AdapterParameters::AdapterParameters(const FrozenModel& model, const AdapterShape& shape)
    : model_(model), scale_(shape.rank > 0 ? shape.alpha / shape.rank : 0), rank_(shape.rank) {
  values_ = torch::zeros({count(model.spec(), rank_)}, model.backend().options());
  std::int64_t offset = 0;
  for (int i = 0; i < model.spec().layers; ++i) layers_.push_back(view_layer(offset, model));
  fill(model, shape);
}

Tensor AdapterParameters::view(std::int64_t& offset, std::int64_t rows, std::int64_t cols) const {
  auto part = values_.narrow(0, offset, rows * cols).view({rows, cols}).detach();
  offset += rows * cols;
  return part.requires_grad_();
}

AdapterParameters::Layer AdapterParameters::view_layer(std::int64_t& offset, const FrozenModel& model) const {
  Layer layer;
  const auto projections = model::projections(model.spec());
  for (std::size_t i = 0; i < layer.size(); ++i) {
    const auto [name, outputs, inputs] = projections[i];
    if (rank_ > 0) {
      layer[i].a = view(offset, rank_, inputs);
      layer[i].b = view(offset, outputs, rank_);
    } else {
      layer[i].whole = view(offset, outputs, inputs);
    }
  }
  return layer;
}

void AdapterParameters::fill(const FrozenModel& model, const AdapterShape& shape) {
  const torch::NoGradGuard no_gradients;
  auto random = at::detail::createCPUGenerator(shape.seed);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const auto own = own_matrices(model.engine_model()->layers()[i]);
    for (std::size_t p = 0; p < own.size(); ++p) {
      Projection& projection = layers_[i][p];
      if (rank_ > 0) {
        const double bound = 1 / std::sqrt(static_cast<double>(projection.a.size(1)));
        projection.a.copy_(torch::empty(projection.a.sizes(), torch::kFloat).uniform_(-bound, bound, random));
      } else {
        projection.whole.copy_(dequantized({own[p]}));
      }
    }
  }
}

Tensor AdapterParameters::change(const Projection& projection, const Tensor& x) const {
  return project(project(x, projection.a), projection.b * scale_);
}

Tensor AdapterParameters::qkv(int layer, const Tensor& x) const {
  const Layer& projections = layers_[static_cast<std::size_t>(layer)];
  if (rank_ == 0)
    return project(x, torch::cat({projections[0].whole, projections[1].whole, projections[2].whole}));
  const auto changes =
      torch::cat({change(projections[0], x), change(projections[1], x), change(projections[2], x)}, 1);
  return model_.layer(layer).qkv.apply(x) + changes;
}

Tensor AdapterParameters::out(int layer, const Tensor& x) const {
  const Projection& projection = layers_[static_cast<std::size_t>(layer)][3];
  if (rank_ == 0) return project(x, projection.whole);
  return model_.layer(layer).out.apply(x) + change(projection, x);
}

Tensor AdapterParameters::gradient() const {
  std::vector<Tensor> parts;
  const auto add = [&](const Tensor& value) {
    if (!value.defined()) return;
    parts.push_back((value.grad().defined() ? value.grad() : torch::zeros_like(value)).flatten());
  };
  for (const Layer& layer : layers_) {
    for (const Projection& projection : layer) {
      add(projection.a);
      add(projection.b);
      add(projection.whole);
    }
  }
  return torch::cat(parts);
}

void AdapterParameters::clear_gradient() {
  for (Layer& layer : layers_) {
    for (Projection& projection : layer) {
      for (Tensor* value : {&projection.a, &projection.b, &projection.whole}) {
        if (value->defined()) value->mutable_grad() = Tensor();
      }
    }
  }
}

std::vector<Tensor> AdapterParameters::gradients(int layer, int projection) const {
  const Projection& one =
      layers_.at(static_cast<std::size_t>(layer)).at(static_cast<std::size_t>(projection));
  if (rank_ == 0) return {one.whole.grad()};
  return {one.a.grad(), one.b.grad()};
}

std::vector<std::pair<std::string, Tensor>> AdapterParameters::named() const {
  std::vector<std::pair<std::string, Tensor>> tensors;
  const auto projections = model::projections(model_.spec());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (std::size_t p = 0; p < projections.size(); ++p) {
      const std::string name = projections[p].tensor(static_cast<int>(i));
      const Projection& projection = layers_[i][p];
      if (rank_ == 0) {
        tensors.emplace_back(name, projection.whole);
      } else {
        tensors.emplace_back(name + ".lora_a", projection.a);
        tensors.emplace_back(name + ".lora_b", projection.b);
      }
    }
  }
  return tensors;
}

void AdapterParameters::write(gguf::Writer& writer) const {
  for (const auto& [name, tensor] : named()) add_f16(writer, name, tensor);
}

void AdapterParameters::read(const gguf::File& adapter) {
  const torch::NoGradGuard no_gradients;
  const double alpha = adapter.number("adapter.lora.alpha").value_or(0);
  if (rank_ > 0 && alpha != scale_ * static_cast<double>(rank_))
    fail("{}: made with alpha {}, this run has {}", adapter.path().string(), alpha,
         scale_ * static_cast<double>(rank_));
  for (const auto& [name, tensor] : named()) copy_tensor(adapter, name, tensor);
}

}  // namespace focusllm::train

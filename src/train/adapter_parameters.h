#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

#include "focusllm/gguf.h"
#include "gguf/writer.h"
#include "train/frozen_model.h"

namespace focusllm::train {

/// What the candidates' projections are trained as.
struct AdapterShape {
  int rank = 32;  ///< 0: full copies
  double alpha = 32;
  std::uint64_t seed = 1;
};

/// The candidates' q, k, v and o: as they are used, all that is trained. One flat tensor holds every number,
/// so that the optimiser, the exchange between ranks and checkpoints know no layers.
class AdapterParameters {
 public:
  /// Starts as the base model: B is zero, or the copy is the model's own. The same seed gives the same
  /// numbers.
  AdapterParameters(const FrozenModel& model, const AdapterShape& shape);

  /// x [rows, width] after the layer's norm -> [rows, qkv_width], without bias.
  torch::Tensor qkv(int layer, const torch::Tensor& x) const;
  /// x [rows, attention_width] -> [rows, width].
  torch::Tensor out(int layer, const torch::Tensor& x) const;

  /// [count] of the backend's type; writing to it (without gradients) changes the parameters.
  torch::Tensor& values() { return values_; }
  const torch::Tensor& values() const { return values_; }
  /// [count]; 0 where no gradient arrived.
  torch::Tensor gradient() const;
  void clear_gradient();
  /// The gradients of the parameters of one projection (0: q, 1: k, 2: v, 3: o), undefined where none
  /// arrived.
  std::vector<torch::Tensor> gradients(int layer, int projection) const;

  /// The tensors of docs/adapters.md, as F16. Throws Error if a number does not fit.
  void write(gguf::Writer& writer) const;
  /// Takes the numbers of an adapter for the same model. Throws Error, naming the difference, if it has
  /// another rank or scale.
  void read(const gguf::File& adapter);

 private:
  /// W + scale B A, or W alone.
  struct Projection {
    torch::Tensor a;      ///< [rank, inputs]
    torch::Tensor b;      ///< [outputs, rank]
    torch::Tensor whole;  ///< [outputs, inputs]
  };
  using Layer = std::array<Projection, 4>;

  Layer view_layer(std::int64_t& offset, const FrozenModel& model) const;
  torch::Tensor view(std::int64_t& offset, std::int64_t rows, std::int64_t cols) const;
  void fill(const FrozenModel& model, const AdapterShape& shape);
  /// All tensors as an adapter's file calls them; the same memory.
  std::vector<std::pair<std::string, torch::Tensor>> named() const;
  torch::Tensor change(const Projection& projection, const torch::Tensor& x) const;

  const FrozenModel& model_;
  double scale_ = 0;  ///< alpha / rank; 0: full copies
  std::int64_t rank_ = 0;
  torch::Tensor values_;
  std::vector<Layer> layers_;
};

}  // namespace focusllm::train

#include "model/read_layer.h"

#include <optional>
#include <string>

#include "base/error.h"
#include "model/projections.h"

namespace focusllm::model {
namespace {

class LayerReader {
 public:
  LayerReader(NamedTensors& tensors, const AdapterTensors* adapter, const Spec& spec, int index,
              const Arithmetic& arithmetic)
      : tensors_(tensors),
        adapter_(adapter),
        spec_(spec),
        index_(index),
        arithmetic_(arithmetic),
        prefix_(fmt::format("blk.{}.", index)) {}

  /// Projections whose outputs stand side by side.
  AttentionProduct product(std::span<const Projection> stack) const {
    std::vector<BlockMatrix> own, candidate;
    LowRank delta;
    bool whole = false;
    std::int64_t first = 0;
    for (const Projection& projection : stack) {
      const std::string name = projection.tensor(index_);
      own.push_back(tensors_.matrix(name, projection.outputs, projection.inputs));
      candidate.push_back(own.back());
      if (adapter_ != nullptr) {
        if (const auto matrix = adapter_->whole(name)) {
          candidate.back() = *matrix;
          whole = true;
        }
        if (auto part = adapter_->low_rank(name, first)) delta.add(std::move(*part));
      }
      first += projection.outputs;
    }
    std::optional<Linear> other;
    if (whole) other.emplace(std::move(candidate), arithmetic_);
    return {Linear(std::move(own), arithmetic_), std::move(other), std::move(delta)};
  }

  Linear linear(std::initializer_list<const char*> names, std::int64_t outputs, std::int64_t inputs) const {
    std::vector<BlockMatrix> stack;
    for (const char* name : names) stack.push_back(tensors_.matrix(prefix_ + name, outputs, inputs));
    return Linear(std::move(stack), arithmetic_);
  }

  /// Empty where it is not wanted.
  std::vector<float> vector(bool wanted, const char* name, std::int64_t size) const {
    return wanted ? tensors_.vector(prefix_ + name, size) : std::vector<float>{};
  }

  /// q | k | v
  std::vector<float> qkv_bias(std::span<const Projection> stack) const {
    std::vector<float> bias;
    if (!spec_.layer(index_).qkv_bias) return bias;
    for (const Projection& projection : stack) {
      const auto part = tensors_.vector(prefix_ + projection.name + ".bias", projection.outputs);
      bias.insert(bias.end(), part.begin(), part.end());
    }
    return bias;
  }

 private:
  NamedTensors& tensors_;
  const AdapterTensors* adapter_;
  const Spec& spec_;
  int index_;
  Arithmetic arithmetic_;
  std::string prefix_;
};

}  // namespace

Layer read_layer(NamedTensors& tensors, const AdapterTensors* adapter, const Spec& spec, int index,
                 const Arithmetic& arithmetic) {
  const LayerReader reader(tensors, adapter, spec, index, arithmetic);
  const LayerSpec& has = spec.layer(index);
  const auto all = projections(spec);
  const auto qkv = std::span(all).first<3>();
  return {
      .qkv = reader.product(qkv),
      .qkv_bias = reader.qkv_bias(qkv),
      .attention_out = reader.product(std::span(all).last<1>()),
      .attention_norm = reader.vector(true, "attn_norm.weight", spec.width),
      .feed_forward_norm = reader.vector(true, "ffn_norm.weight", spec.width),
      .query_norm = reader.vector(has.qk_norm, "attn_q_norm.weight", spec.heads.dim),
      .key_norm = reader.vector(has.qk_norm, "attn_k_norm.weight", spec.heads.dim),
      .post_attention_norm = reader.vector(has.post_norms, "post_attention_norm.weight", spec.width),
      .post_feed_forward_norm = reader.vector(has.post_norms, "post_ffw_norm.weight", spec.width),
      .gate_up = reader.linear({"ffn_gate.weight", "ffn_up.weight"}, spec.feed_forward, spec.width),
      .down = reader.linear({"ffn_down.weight"}, spec.width, spec.feed_forward),
  };
}

}  // namespace focusllm::model

#include "bench_limit.h"

#include <algorithm>

#include "context/method.h"
#include "engine/options.h"
#include "memory/kv_rows.h"
#include "model/model.h"

namespace focusllm::cli {
namespace {

/// Bytes that every generated token reads: all layers, and the head (the embedding where they are tied).
double weight_bytes(const gguf::File& file) {
  const bool own_head = file.find_tensor("output.weight") != nullptr;
  std::size_t bytes = 0;
  for (const auto& tensor : file.tensors()) {
    const bool head = tensor.name == (own_head ? "output.weight" : "token_embd.weight");
    if (head || tensor.name.starts_with("blk.")) bytes += tensor.data.size();
  }
  return static_cast<double>(bytes);
}

}  // namespace

Limit::Limit(const Engine& engine, const ContextOptions& options, attention::KvType kv_type,
             const Peaks& peaks)
    : engine_(engine), options_(resolve(options, kv_type)), peaks_(peaks) {}

double Limit::seconds(double rows, double pairs_of_all_layers) const {
  const model::Spec& spec = engine_.spec();
  const bool bf16 = attention::uses_bf16(options_.kv_type);
  const double product_rate = peaks_.product(engine_.model().layers().front().qkv.own.product_type()) * 1e9;
  const double attention_rate = (bf16 ? peaks_.bf16 : peaks_.f32) * 1e9;
  if (product_rate <= 0 || attention_rate <= 0) return 0;
  return 2.0 * static_cast<double>(spec.layer_parameters()) * rows / product_rate +
         4.0 * spec.attention_width() * pairs_of_all_layers / attention_rate;
}

double Limit::prefill(std::int64_t tokens) const {
  context::Reading all;
  for (int layer = 0; layer < engine_.spec().layers; ++layer) {
    const context::Reading work = context::reading(options_, engine_.spec(), layer, tokens);
    all = {work.rows, all.pairs + work.pairs};
  }
  const double least = seconds(all.rows, all.pairs);
  return least > 0 ? static_cast<double>(tokens) / least : 0;
}

double Limit::decode(std::int64_t depth, int sessions) const {
  const model::Spec& spec = engine_.spec();
  const auto element = static_cast<double>(memory::element_bytes(options_.kv_type));
  double bytes = 0, rows = 1;  // of one session
  for (int layer = 0; layer < spec.layers; ++layer) {
    const context::Answering work = context::answering(options_, spec, layer, depth);
    bytes += 2 * work.keys * spec.heads.kv_heads * spec.heads.dim * element + work.bytes;
    rows = 1 + work.rows;
  }
  const double all_bytes = weight_bytes(engine_.file()) + sessions * bytes;
  return sessions / std::max(all_bytes / (peaks_.read_bandwidth * 1e9), seconds(sessions * rows, 0));
}

}  // namespace focusllm::cli

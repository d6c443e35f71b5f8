#include <algorithm>

#include "context/method.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "focusllm/measure.h"
#include "memory/kv_rows.h"

namespace focusllm {
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

double seconds(const Engine& engine, const Peaks& peaks, KvType type, double rows,
               double pairs_of_all_layers) {
  const model::Spec& spec = spec_of(engine);
  const bool bf16 = attention::uses_bf16(type, model_of(engine).isa());
  const double product_rate = peaks.product(engine.info().product_type) * 1e9;
  const double attention_rate = (bf16 ? peaks.bf16 : peaks.f32) * 1e9;
  if (product_rate <= 0 || attention_rate <= 0) return 0;
  return 2.0 * static_cast<double>(spec.layer_parameters()) * rows / product_rate +
         4.0 * spec.attention_width() * pairs_of_all_layers / attention_rate;
}

}  // namespace

double reading_limit(const Engine& engine, const ContextOptions& options, KvType kv_type, const Peaks& peaks,
                     std::int64_t tokens) {
  const model::Spec& spec = spec_of(engine);
  context::Reading all;
  for (int layer = 0; layer < spec.layers; ++layer) {
    const context::Reading work = context::reading(resolve(options, kv_type), spec, layer, tokens);
    all = {work.rows, all.pairs + work.pairs};
  }
  const double least = seconds(engine, peaks, kv_type, all.rows, all.pairs);
  return least > 0 ? static_cast<double>(tokens) / least : 0;
}

double answering_limit(const Engine& engine, const ContextOptions& options, KvType kv_type,
                       const Peaks& peaks, std::int64_t depth, int sessions) {
  const model::Spec& spec = spec_of(engine);
  const auto element = static_cast<double>(memory::element_bytes(kv_type));
  double bytes = 0, rows = 1;  // of one session
  for (int layer = 0; layer < spec.layers; ++layer) {
    const context::Answering work = context::answering(resolve(options, kv_type), spec, layer, depth);
    bytes += 2 * work.keys * spec.heads.kv_heads * spec.heads.dim * element + work.bytes;
    rows = 1 + work.rows;
  }
  const double all_bytes = weight_bytes(engine.file()) + sessions * bytes;
  return sessions / std::max(all_bytes / (peaks.read_bandwidth * 1e9),
                             seconds(engine, peaks, kv_type, sessions * rows, 0));
}

}  // namespace focusllm

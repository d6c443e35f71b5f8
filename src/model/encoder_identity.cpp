#include "model/encoder_identity.h"

#include <span>

#include <fmt/format.h>

#include "base/hash.h"

namespace focusllm::model {
namespace {

// Each structure is taken apart as a whole: a member that it gets is a choice to be made here.

std::string text_of(const RopeSpec& rope) {
  const auto& [base, scaling] = rope;
  const auto& [kind, factor, original, low, high, fast, slow, attention, divisors] = scaling;
  return fmt::format("base {} kind {} {} {} {} {} {} {} {} {}", base, static_cast<int>(kind), factor,
                     original, low, high, fast, slow, attention,
                     content_hash(std::as_bytes(std::span(divisors))));
}

std::string text_of(const LayerSpec& layer) {
  const auto& [window, rope, qkv_bias, qk_norm, post_norms, gate] = layer;
  return fmt::format("window {} rope {} bias {:d} norms {:d} {:d} gate {}", window, rope.value_or(-1),
                     qkv_bias, qk_norm, post_norms, static_cast<int>(gate));
}

/// Layers that are alike and stand behind each other are one entry.
std::string text_of(const std::vector<LayerSpec>& layers) {
  std::string text;
  std::string last;
  int count = 0;
  const auto end_run = [&] {
    if (count > 0) text += fmt::format("; {} layers {}", count, last);
    count = 0;
  };
  for (const LayerSpec& layer : layers) {
    std::string next = text_of(layer);
    if (next != last) end_run();
    last = std::move(next);
    ++count;
  }
  end_run();
  return text;
}

std::string text_of(const Spec& spec) {
  const auto& [architecture, layers, width, feed_forward, vocabulary, trained_context, heads, attention_scale,
               epsilon, embedding_scale, tied_head, rope_dim, rope_paired, ropes, by_layer, done_tensors] =
      spec;
  const auto& [query_heads, kv_heads, dim] = heads;
  std::string text = fmt::format(
      "{} layers {} width {} feed-forward {} heads {} {} {} scale {} epsilon {} embedding {} turning {} {:d}",
      architecture, layers, width, feed_forward, query_heads, kv_heads, dim, attention_scale, epsilon,
      embedding_scale, rope_dim, rope_paired);
  for (const RopeSpec& rope : ropes) text += "; rope " + text_of(rope);
  return text + text_of(by_layer);
}

char letter(ProductType type) {
  return "afbi"[static_cast<int>(type)];
}

/// A letter for each product that a row of text goes through: f32, bf16 or int8. The head is none of them.
std::string products_of(std::span<const Layer> layers) {
  std::string products;
  for (const Layer& layer : layers) {
    for (const Linear* product : {&layer.qkv.own, &layer.attention_out.own, &layer.gate_up, &layer.down})
      products += letter(product->product_type());
  }
  return products;
}

}  // namespace

memory::EncoderIdentity encoder_identity(const Model& model, memory::KvType type) {
  const bool known = !model.weights().empty();
  return {.weights = model.weights(),
          .model_number = known ? 0 : model.number(),
          .spec = text_of(model.spec()),
          .products = products_of(model.layers()),
          .kv_type = type,
          .version = kEncoderVersion};
}

}  // namespace focusllm::model

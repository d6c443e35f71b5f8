#include "model/common_spec.h"

#include <cmath>
#include <string_view>

#include "base/error.h"
#include "tensor/block_type.h"

namespace focusllm::model {
namespace {

// As old converters wrote a linear factor.
constexpr std::string_view kOldLinear = "rope.scale_linear";

/// A factor without a type is linear, as llama.cpp reads it.
RopeScaling::Kind scaling_kind(const Metadata& metadata) {
  const std::string key = metadata.full("rope.scaling.type");
  const bool factor = metadata.positive({"rope.scaling.factor", kOldLinear}).has_value();
  const std::string_view name = metadata.file().string(key).value_or(factor ? "linear" : "none");
  if (name == "none") return RopeScaling::Kind::none;
  if (name == "linear") return RopeScaling::Kind::linear;
  if (name == "llama3") return RopeScaling::Kind::llama3;
  if (name == "yarn") return RopeScaling::Kind::yarn;
  fail("{}: {} = \"{}\": not supported; supported are none, linear, llama3, yarn", metadata.path(), key,
       name);
}

RopeScaling read_scaling(const Metadata& metadata, const Published& published) {
  RopeScaling scaling;
  scaling.kind = scaling_kind(metadata);
  if (scaling.kind == RopeScaling::Kind::none) return scaling;
  scaling.factor = metadata.positive_known({"rope.scaling.factor", kOldLinear}, std::nullopt);
  if (scaling.kind == RopeScaling::Kind::linear) return scaling;
  scaling.original_context = metadata.positive_known({"rope.scaling.original_context_length"}, std::nullopt);
  if (scaling.kind == RopeScaling::Kind::llama3) {
    scaling.low_frequency =
        metadata.positive_known({"rope.scaling.low_freq_factor"}, published.low_frequency);
    scaling.high_frequency =
        metadata.positive_known({"rope.scaling.high_freq_factor"}, published.high_frequency);
    return scaling;
  }
  scaling.beta_fast = metadata.positive_known({"rope.scaling.yarn_beta_fast"}, published.beta_fast);
  scaling.beta_slow = metadata.positive_known({"rope.scaling.yarn_beta_slow"}, published.beta_slow);
  // On top of YaRN's own 0.1 ln(factor) + 1: who changes that says so.
  scaling.attention_factor = metadata.positive({"rope.scaling.attn_factor"}).value_or(1);
  return scaling;
}

/// What is left out follows from the other sizes (docs/gguf.md of ggml); that the shapes of the projections
/// agree is checked when they are read.
attention::HeadShape read_heads(const Metadata& metadata, int width) {
  attention::HeadShape heads;
  heads.heads = static_cast<int>(metadata.integer("attention.head_count", 1, 1024));
  heads.kv_heads =
      static_cast<int>(metadata.integer_or("attention.head_count_kv", heads.heads, 1, heads.heads));
  if (heads.heads % heads.kv_heads != 0) {
    fail("{}: {} query heads do not divide into {} key/value heads ({})", metadata.path(), heads.heads,
         heads.kv_heads, metadata.full("attention.head_count_kv"));
  }
  heads.dim = static_cast<int>(metadata.integer_or("attention.key_length", width / heads.heads, 16, 512));
  const std::int64_t values = metadata.integer_or("attention.value_length", heads.dim, 16, 512);
  if (values != heads.dim || heads.dim % 16 != 0) {
    fail("{}: heads of {} for keys and {} for values: they must be equal and a multiple of 16",
         metadata.path(), heads.dim, values);
  }
  return heads;
}

int read_rope_dim(const Metadata& metadata, const Published& published, int head_dim) {
  constexpr std::string_view kKey = "rope.dimension_count";
  const std::int64_t dim = published.turns_whole_heads ? metadata.integer_or(kKey, head_dim, 2, head_dim)
                                                       : metadata.integer(kKey, 2, head_dim);
  if (dim % 2 != 0) fail("{}: {}: must be even", metadata.path(), metadata.full(kKey));
  return static_cast<int>(dim);
}

int read_vocabulary(const gguf::File& file) {
  const gguf::Tensor& embedding = file.tensor("token_embd.weight");
  if (embedding.dims.size() < 2)
    fail("{}: tensor token_embd.weight: must have 2 dimensions", file.path().string());
  return static_cast<int>(embedding.matrix().rows);
}

/// Keys of other architectures, and of variants of these, that change every number.
void refuse_what_nothing_applies(const Metadata& metadata) {
  metadata.refuse("expert_count", "mixtures of experts are not supported");
  for (const char* key :
       {"attention.scale", "attention.output_scale", "attention.value_scale", "attention.temperature_scale",
        "attention.max_alibi_bias", "attention.clamp_kqv", "attn_logit_softcapping",
        "final_logit_softcapping", "logit_scale", "residual_scale", "embedding_scale",
        "rope.dimension_count_swa", "rope.scaling.alpha", "rope.scaling.yarn_log_multiplier",
        "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_attn_factor"}) {
    metadata.refuse(key, "not supported for this architecture");
  }
  if (!metadata.file().boolean(metadata.full("attention.causal")).value_or(true)) {
    fail("{}: {} = false: only causal attention is supported", metadata.path(),
         metadata.full("attention.causal"));
  }
}

}  // namespace

std::vector<float> frequency_divisors(const gguf::File& file, int rope_dim) {
  const gguf::Tensor* tensor = file.find_tensor("rope_freqs.weight");
  if (tensor == nullptr) return {};
  if (tensor->elements() != rope_dim / 2) {
    fail(
        "{}: tensor rope_freqs.weight has {} elements; {} are needed, one for each pair of the rotary "
        "embedding",
        file.path().string(), tensor->elements(), rope_dim / 2);
  }
  std::vector<float> divisors(static_cast<std::size_t>(rope_dim / 2));
  dequantize(tensor->type, tensor->data.data(), rope_dim / 2, divisors.data());
  for (const float divisor : divisors) {
    if (!(divisor > 0) || !std::isfinite(divisor)) {
      fail("{}: tensor rope_freqs.weight holds {}: must be positive numbers", file.path().string(), divisor);
    }
  }
  return divisors;
}

Spec common_spec(const Metadata& metadata, const Published& published) {
  refuse_what_nothing_applies(metadata);
  Spec spec;
  spec.architecture = metadata.architecture();
  spec.layers = static_cast<int>(metadata.integer("block_count", 1, 1000));
  spec.width = static_cast<int>(metadata.integer("embedding_length", 16, 1 << 17));
  spec.feed_forward = static_cast<int>(metadata.integer("feed_forward_length", 16, 1 << 20));
  spec.trained_context = metadata.integer("context_length", 1, std::int64_t{1} << 32);
  spec.vocabulary = read_vocabulary(metadata.file());
  spec.tied_head = metadata.file().find_tensor("output.weight") == nullptr;  // no key says it
  spec.heads = read_heads(metadata, spec.width);
  spec.attention_scale = 1 / std::sqrt(static_cast<float>(spec.heads.dim));
  spec.epsilon =
      static_cast<float>(metadata.positive_known({"attention.layer_norm_rms_epsilon"}, published.epsilon));
  spec.rope_dim = read_rope_dim(metadata, published, spec.heads.dim);
  const double base =
      metadata.positive_known({"rope.freq_base", "rope.global.freq_base"}, published.rope_base);
  spec.ropes = {{base, read_scaling(metadata, published)}};
  spec.by_layer.resize(static_cast<std::size_t>(spec.layers));
  return spec;
}

}  // namespace focusllm::model

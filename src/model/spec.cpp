#include "model/spec.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace focusllm::model {
namespace {

constexpr std::string_view kSupported = "llama, qwen2, qwen3, gemma3";

/// One file's metadata with the architecture's prefix before every key, and the file's name in every message.
class Keys {
 public:
  Keys(const gguf::File& file, std::string_view architecture) : file_(file), prefix_(architecture) {}

  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const {
    return checked(key, file_.require_integer(full(key)), low, high);
  }
  std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t low,
                          std::int64_t high) const {
    return checked(key, file_.integer(full(key)).value_or(fallback), low, high);
  }
  /// A number that is in the file, under any of some keys.
  std::optional<double> positive(std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
      const auto value = file_.number(full(key));
      if (value && (!(*value > 0) || !std::isfinite(*value)))
        fail("{}: {} = {}: must be a positive number", file_.path().string(), full(key), *value);
      if (value) return value;
    }
    return std::nullopt;
  }
  double positive_or(std::string_view key, double fallback) const {
    return positive({key}).value_or(fallback);
  }
  /// What is missing is the architecture's own `constant`, where it has published one, or an error: a guess
  /// would change every number.
  double positive_known(std::initializer_list<std::string_view> keys, std::optional<double> constant) const {
    const auto value = positive(keys);
    if (!value && !constant) {
      fail("{}: {} is missing, and architecture {} has no constant of its own for it: convert the model anew",
           file_.path().string(), full(*keys.begin()), prefix_);
    }
    return value ? *value : *constant;
  }
  std::string full(std::string_view key) const { return fmt::format("{}.{}", prefix_, key); }

 private:
  std::int64_t checked(std::string_view key, std::int64_t value, std::int64_t low, std::int64_t high) const {
    if (value < low || value > high) {
      fail("{}: {} = {}: must be from {} to {}", file_.path().string(), full(key), value, low, high);
    }
    return value;
  }
  const gguf::File& file_;
  std::string prefix_;
};

/// What an architecture's papers and configurations say of numbers that older files leave out.
struct Constants {
  std::optional<double> epsilon, rope_base;
};
Constants constants_of(std::string_view architecture) {
  // Llama 1 and 2 have base 10000 and no key for it; their epsilons differ (1e-6, 1e-5).
  if (architecture == "llama") return {std::nullopt, 10000};
  if (architecture == "gemma3") return {1e-6, 1e6};  // Gemma 3 report, table 1 and section 2; global layers
  return {1e-6, std::nullopt};                       // Qwen 2, 2.5 and 3: bases differ
}

// As old converters wrote a linear factor.
constexpr std::string_view kOldLinear = "rope.scale_linear";

/// A factor without a type is linear, as llama.cpp reads it.
RopeScaling::Kind scaling_kind(const gguf::File& file, const Keys& keys) {
  const std::string key = keys.full("rope.scaling.type");
  const bool factor = keys.positive({"rope.scaling.factor", kOldLinear}).has_value();
  const std::string_view name = file.string(key).value_or(factor ? "linear" : "none");
  if (name == "none") return RopeScaling::Kind::none;
  if (name == "linear") return RopeScaling::Kind::linear;
  if (name == "llama3") return RopeScaling::Kind::llama3;
  if (name == "yarn") return RopeScaling::Kind::yarn;
  fail("{}: {} = \"{}\": not supported; supported are none, linear, llama3, yarn", file.path().string(), key,
       name);
}

std::vector<float> frequency_divisors(const gguf::File& file, int dim) {
  const gguf::Tensor* tensor = file.find_tensor("rope_freqs.weight");
  if (tensor == nullptr) return {};
  if (tensor->elements() != dim / 2) {
    fail(
        "{}: tensor rope_freqs.weight has {} elements; {} are needed, one for each pair of the rotary "
        "embedding",
        file.path().string(), tensor->elements(), dim / 2);
  }
  std::vector<float> divisors(static_cast<std::size_t>(dim / 2));
  dequantize(tensor->type, tensor->data.data(), dim / 2, divisors.data());
  for (const float divisor : divisors) {
    if (!(divisor > 0) || !std::isfinite(divisor)) {
      fail("{}: tensor rope_freqs.weight holds {}: must be positive numbers", file.path().string(), divisor);
    }
  }
  return divisors;
}

/// Constants that are left out are those of the methods' own papers and code (Llama 3, YaRN).
RopeScaling read_scaling(const gguf::File& file, const Keys& keys, const Spec& spec) {
  RopeScaling scaling;
  scaling.kind = scaling_kind(file, keys);
  scaling.frequency_divisors = frequency_divisors(file, spec.rope_dim);
  if (scaling.kind == RopeScaling::Kind::none) return scaling;
  scaling.factor = keys.positive_known({"rope.scaling.factor", kOldLinear}, std::nullopt);
  if (scaling.kind == RopeScaling::Kind::linear) return scaling;
  scaling.original_context = keys.positive_known({"rope.scaling.original_context_length"}, std::nullopt);
  scaling.low_frequency = keys.positive_or("rope.scaling.low_freq_factor", 1);
  scaling.high_frequency = keys.positive_or("rope.scaling.high_freq_factor", 4);
  scaling.beta_fast = keys.positive_or("rope.scaling.yarn_beta_fast", 32);
  scaling.beta_slow = keys.positive_or("rope.scaling.yarn_beta_slow", 1);
  scaling.attention_factor = keys.positive_or("rope.scaling.attn_factor", 1);
  return scaling;
}

attention::HeadShape read_heads(const gguf::File& file, const Keys& keys, int width) {
  attention::HeadShape heads;
  heads.heads = static_cast<int>(keys.integer("attention.head_count", 1, 1024));
  heads.kv_heads = static_cast<int>(keys.integer_or("attention.head_count_kv", heads.heads, 1, heads.heads));
  if (heads.heads % heads.kv_heads != 0) {
    fail("{}: {} query heads do not divide into {} key/value heads ({})", file.path().string(), heads.heads,
         heads.kv_heads, keys.full("attention.head_count_kv"));
  }
  heads.dim = static_cast<int>(keys.integer_or("attention.key_length", width / heads.heads, 16, 512));
  const std::int64_t values = keys.integer_or("attention.value_length", heads.dim, 16, 512);
  if (values != heads.dim || heads.dim % 16 != 0) {
    fail("{}: heads of {} for keys and {} for values: they must be equal and a multiple of 16",
         file.path().string(), heads.dim, values);
  }
  return heads;
}

int read_vocabulary(const gguf::File& file) {
  const gguf::Tensor& embedding = file.tensor("token_embd.weight");
  if (embedding.dims.size() != 2)
    fail("{}: tensor token_embd.weight: must have 2 dimensions", file.path().string());
  return static_cast<int>(embedding.dims[1]);
}

/// Which layers slide: one number n (layers n-1, 2n-1, ... see everything), or true or false for each layer.
std::vector<bool> read_pattern(const gguf::File& file, const Keys& keys, int layers) {
  constexpr std::string_view kPattern = "attention.sliding_window_pattern";
  std::vector<bool> slides(static_cast<std::size_t>(layers));
  const std::string key = keys.full(kPattern);
  if (file.is_array(key)) {
    const auto pattern = file.integers(key);
    if (std::ssize(pattern) != layers)
      fail("{}: {} has {} entries for {} layers", file.path().string(), key, pattern.size(), layers);
    for (std::size_t i = 0; i < slides.size(); ++i) slides[i] = pattern[i] != 0;
    return slides;
  }
  const auto every = static_cast<std::size_t>(keys.integer_or(kPattern, 6, 1, 1024));
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i] = (i + 1) % every != 0;
  return slides;
}

/// The 4B, 12B and 27B models stretch their full layers' positions by 8 (Gemma 3 report, section 2), which
/// some of their files leave out.
bool is_stretched_gemma3(int layers) {
  return layers == 34 || layers == 48 || layers == 62;
}

void add_gemma3(const gguf::File& file, Spec& spec, const Keys& keys) {
  spec.gate = Spec::Gate::gelu;
  spec.embedding_scale = std::sqrt(static_cast<float>(spec.width));
  spec.sliding_window = keys.integer("attention.sliding_window", 1, 1 << 24);
  spec.slides = read_pattern(file, keys, spec.layers);
  spec.sliding_rope_base = keys.positive_known({"rope.freq_base_swa", "rope.local.freq_base"}, 10000);
  if (!file.string(keys.full("rope.scaling.type")) && spec.rope_scaling.kind == RopeScaling::Kind::none &&
      is_stretched_gemma3(spec.layers)) {
    spec.rope_scaling.kind = RopeScaling::Kind::linear;
    spec.rope_scaling.factor = 8;
  }
  // The 27B model scales by width / heads, not by the head size (gemma.cpp, Gemma 3 report section 2).
  if (spec.layers == 62) {
    spec.attention_scale =
        1 / std::sqrt(static_cast<float>(spec.width) / static_cast<float>(spec.heads.heads));
  }
}

}  // namespace

int Spec::first_layer(bool sliding) const {
  for (int layer = 0; layer < layers; ++layer)
    if ((window(layer) > 0) == sliding) return layer;
  return 0;
}

std::int64_t Spec::layer_parameters() const {
  const std::int64_t attention = std::int64_t{width} * qkv_width() + std::int64_t{attention_width()} * width;
  return layers * (attention + 3LL * width * feed_forward);
}

Spec Spec::from(const gguf::File& file) {
  Spec spec;
  spec.architecture = file.require_string("general.architecture");
  const std::string_view name = spec.architecture;
  if (name != "llama" && name != "qwen2" && name != "qwen3" && name != "gemma3") {
    fail("{}: general.architecture = \"{}\": not supported; supported are {}", file.path().string(), name,
         kSupported);
  }
  const Keys keys(file, name);
  if (file.integer(keys.full("expert_count")).value_or(0) > 0) {
    fail("{}: {}: mixtures of experts are not supported", file.path().string(), keys.full("expert_count"));
  }
  spec.layers = static_cast<int>(keys.integer("block_count", 1, 1000));
  spec.width = static_cast<int>(keys.integer("embedding_length", 16, 1 << 17));
  spec.feed_forward = static_cast<int>(keys.integer("feed_forward_length", 16, 1 << 20));
  spec.trained_context = keys.integer("context_length", 1, std::int64_t{1} << 32);
  spec.vocabulary = read_vocabulary(file);
  spec.heads = read_heads(file, keys, spec.width);
  spec.attention_scale = 1 / std::sqrt(static_cast<float>(spec.heads.dim));
  const Constants constants = constants_of(name);
  spec.epsilon =
      static_cast<float>(keys.positive_known({"attention.layer_norm_rms_epsilon"}, constants.epsilon));
  spec.rope_dim =
      static_cast<int>(keys.integer_or("rope.dimension_count", spec.heads.dim, 2, spec.heads.dim));
  if (spec.rope_dim % 2 != 0)
    fail("{}: {}: must be even", file.path().string(), keys.full("rope.dimension_count"));
  spec.rope_paired = name == "llama";
  spec.rope_base = keys.positive_known({"rope.freq_base", "rope.global.freq_base"}, constants.rope_base);
  spec.rope_scaling = read_scaling(file, keys, spec);
  if (name == "gemma3") add_gemma3(file, spec, keys);
  return spec;
}

}  // namespace focusllm::model

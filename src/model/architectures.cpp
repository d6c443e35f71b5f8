#include "model/architectures.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "model/common_spec.h"

namespace focusllm::model {
namespace {

/// The common specification of an architecture whose layers see everything. llama.cpp reads no window for one
/// of these, and writes none but 0. A file of others that names one is a model whose tokens never saw further
/// than that: up to there, window or none, the numbers are the same, so that is what it is trained for.
Spec without_windows(const Metadata& metadata, const Published& published) {
  Spec spec = common_spec(metadata, published);
  const std::int64_t window = metadata.integer_or("attention.sliding_window", 0, 0, std::int64_t{1} << 32);
  if (window > 0) spec.trained_context = std::min(spec.trained_context, window);
  return spec;
}

/// Llama 1 to 3, Mistral, SmolLM 1 and 2, and others that are converted as Llama.
Spec llama(const Metadata& metadata) {
  Published published;
  published.rope_base = 10000;  // Llama 1 and 2 (RoFormer's, arXiv 2104.09864); later ones have the key
  published.turns_whole_heads = true;
  published.low_frequency = 1;  // Llama 3.1, config.json
  published.high_frequency = 4;
  published.beta_fast = 32;  // YaRN (arXiv 2309.00071), section 3.2, for Llama
  published.beta_slow = 1;
  // No epsilon: 1e-6 in Llama 1, 1e-5 in Llama 2.
  Spec spec = without_windows(metadata, published);
  spec.rope_paired = true;  // as the converter permutes queries and keys
  // Llama 3.1's scaling, as the converter writes it.
  RopeScaling& scaling = spec.ropes[0].scaling;
  scaling.frequency_divisors = frequency_divisors(metadata.file(), spec.rope_dim);
  if (!scaling.frequency_divisors.empty() && scaling.kind == RopeScaling::Kind::llama3) {
    fail("{}: tensor rope_freqs.weight and {} = \"llama3\" are the same scaling twice", metadata.path(),
         metadata.full("rope.scaling.type"));
  }
  spec.done_tensors.emplace_back("rope_freqs.weight");
  // No key says that there are biases: the first layer speaks for all.
  const bool bias = metadata.file().find_tensor("blk.0.attn_q.bias") != nullptr;
  for (int i = 0; i < spec.layers; ++i) {
    spec.by_layer[static_cast<std::size_t>(i)].qkv_bias = bias;
    // Of old converters: the frequencies that follow from rope.freq_base.
    spec.done_tensors.push_back(fmt::format("blk.{}.attn_rot_embd", i));
  }
  return spec;
}

/// What the model cards of Qwen 2.5, Qwen 3 and SmolLM 3 stretch the context by is YaRN with the constants of
/// its paper.
Published with_yarn() {
  Published published;
  published.turns_whole_heads = true;
  published.beta_fast = 32;
  published.beta_slow = 1;
  return published;
}

Spec qwen2(const Metadata& metadata) {
  Spec spec = without_windows(metadata, with_yarn());  // epsilons and bases differ between sizes
  for (LayerSpec& layer : spec.by_layer) layer.qkv_bias = true;
  return spec;
}

Spec qwen3(const Metadata& metadata) {
  Published published = with_yarn();
  published.epsilon = 1e-6;  // config.json of all sizes
  Spec spec = without_windows(metadata, published);
  for (LayerSpec& layer : spec.by_layer) layer.qk_norm = true;
  return spec;
}

/// Llama whose every fourth layer has no positions (SmolLM 3's model card; no key says it).
Spec smollm3(const Metadata& metadata) {
  Spec spec = without_windows(metadata, with_yarn());
  spec.rope_paired = true;
  for (std::size_t i = 3; i < spec.by_layer.size(); i += 4) spec.by_layer[i].rope = std::nullopt;
  return spec;
}

/// Which layers slide: one number n (layers n-1, 2n-1, ... see everything), or true or false for each layer.
std::vector<bool> gemma3_pattern(const Metadata& metadata, int layers) {
  constexpr std::string_view kPattern = "attention.sliding_window_pattern";
  std::vector<bool> slides(static_cast<std::size_t>(layers));
  const std::string key = metadata.full(kPattern);
  if (metadata.file().is_array(key)) {
    const auto pattern = metadata.file().integers(key);
    if (std::ssize(pattern) != layers)
      fail("{}: {} has {} entries for {} layers", metadata.path(), key, pattern.size(), layers);
    for (std::size_t i = 0; i < slides.size(); ++i) slides[i] = pattern[i] != 0;
    return slides;
  }
  // Five that slide for one that does not (Gemma 3 report, section 2).
  const auto every = static_cast<std::size_t>(metadata.integer_or(kPattern, 6, 1, 1024));
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i] = (i + 1) % every != 0;
  return slides;
}

/// The 4B, 12B and 27B models stretch their full layers' positions by 8 (Gemma 3 report, section 2), which
/// some of their files leave out.
void stretch_gemma3(const Metadata& metadata, int layers, RopeScaling& scaling) {
  const bool stretched = layers == 34 || layers == 48 || layers == 62;
  if (!stretched || scaling.kind != RopeScaling::Kind::none) return;
  if (metadata.file().string(metadata.full("rope.scaling.type"))) return;
  scaling.kind = RopeScaling::Kind::linear;
  scaling.factor = 8;
}

Spec gemma3(const Metadata& metadata) {
  Published published;
  published.epsilon = 1e-6;   // config.json of all sizes
  published.rope_base = 1e6;  // of layers that see everything (Gemma 3 report, section 2)
  published.turns_whole_heads = true;
  Spec spec = common_spec(metadata, published);
  stretch_gemma3(metadata, spec.layers, spec.ropes[0].scaling);
  constexpr double kSlidingBase = 10000;  // the same section
  spec.ropes.push_back(
      {metadata.positive_known({"rope.freq_base_swa", "rope.local.freq_base"}, kSlidingBase), {}});
  const std::int64_t window = metadata.integer("attention.sliding_window", 1, 1 << 24);
  const std::vector<bool> slides = gemma3_pattern(metadata, spec.layers);
  for (std::size_t i = 0; i < slides.size(); ++i) {
    spec.by_layer[i] = {.window = slides[i] ? window : 0,
                        .rope = slides[i] ? 1 : 0,
                        .qk_norm = true,
                        .post_norms = true,
                        .gate = Gate::gelu};
  }
  spec.embedding_scale = std::sqrt(static_cast<float>(spec.width));
  // The 27B model scales by width / heads, not by the head size (gemma.cpp, Gemma 3 report section 2).
  if (spec.layers == 62) {
    spec.attention_scale =
        1 / std::sqrt(static_cast<float>(spec.width) / static_cast<float>(spec.heads.heads));
  }
  return spec;
}

/// A file's general.architecture and the function that reads its metadata.
struct Architecture {
  std::string_view name;
  Spec (*read)(const Metadata& metadata);
};
constexpr Architecture kArchitectures[] = {
    {"llama", llama}, {"qwen2", qwen2}, {"qwen3", qwen3}, {"gemma3", gemma3}, {"smollm3", smollm3}};

}  // namespace

Spec read_spec(const gguf::File& file) {
  const Metadata metadata(file);
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == metadata.architecture()) return architecture.read(metadata);
    known += (known.empty() ? "" : ", ") + std::string(architecture.name);
  }
  fail("{}: general.architecture = \"{}\": not supported; supported are {}", metadata.path(),
       metadata.architecture(), known);
}

}  // namespace focusllm::model

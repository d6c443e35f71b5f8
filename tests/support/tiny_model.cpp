#include "support/tiny_model.h"

#include <cmath>
#include <cstring>
#include <random>

#include "gguf/writer.h"

namespace focusllm::test {
namespace {

class Builder {
 public:
  Builder(const TinySizes& sizes, unsigned seed) : sizes_(sizes), random_(seed) {}

  std::vector<std::byte> build() {
    metadata();
    const int queries = sizes_.heads * sizes_.dim;
    const int keys = sizes_.kv_heads * sizes_.dim;
    matrix("token_embd.weight", sizes_.width, sizes_.vocabulary, 1);
    norm("output_norm.weight", sizes_.width);
    for (int i = 0; i < sizes_.layers; ++i) {
      const std::string prefix = "blk." + std::to_string(i) + ".";
      norm(prefix + "attn_norm.weight", sizes_.width);
      norm(prefix + "ffn_norm.weight", sizes_.width);
      // Large queries and keys: attention that is sharp enough to tell keys apart.
      matrix(prefix + "attn_q.weight", sizes_.width, queries, 2);
      matrix(prefix + "attn_k.weight", sizes_.width, keys, 2);
      matrix(prefix + "attn_v.weight", sizes_.width, keys, 1);
      matrix(prefix + "attn_output.weight", queries, sizes_.width, 1);
      matrix(prefix + "ffn_gate.weight", sizes_.width, sizes_.feed_forward, 1);
      matrix(prefix + "ffn_up.weight", sizes_.width, sizes_.feed_forward, 1);
      matrix(prefix + "ffn_down.weight", sizes_.feed_forward, sizes_.width, 1);
      extras(prefix, queries, keys);
    }
    return writer_.bytes();
  }

 private:
  void metadata() {
    const std::string& name = sizes_.architecture;
    const auto set = [&](const char* key, int value) {
      writer_.set(name + "." + key, static_cast<std::uint32_t>(value));
    };
    writer_.set("general.architecture", name.c_str());
    set("block_count", sizes_.layers);
    set("context_length", sizes_.context);
    set("embedding_length", sizes_.width);
    set("feed_forward_length", sizes_.feed_forward);
    set("attention.head_count", sizes_.heads);
    set("attention.head_count_kv", sizes_.kv_heads);
    set("attention.key_length", sizes_.dim);
    set("attention.value_length", sizes_.dim);
    if (name == "gemma3") set("attention.sliding_window", sizes_.sliding_window);
    writer_.set(name + ".attention.layer_norm_rms_epsilon", 1e-5F);
    writer_.set(name + ".rope.freq_base", sizes_.rope_base);
  }
  void extras(const std::string& prefix, int queries, int keys) {
    const std::string& name = sizes_.architecture;
    if (name == "qwen2") {
      values(prefix + "attn_q.bias", {queries}, 0, 0.3);
      values(prefix + "attn_k.bias", {keys}, 0, 0.3);
      values(prefix + "attn_v.bias", {keys}, 0, 0.3);
    }
    if (name == "qwen3" || name == "gemma3") {
      norm(prefix + "attn_q_norm.weight", sizes_.dim);
      norm(prefix + "attn_k_norm.weight", sizes_.dim);
    }
    if (name == "gemma3") {
      norm(prefix + "post_attention_norm.weight", sizes_.width);
      norm(prefix + "post_ffw_norm.weight", sizes_.width);
    }
  }
  void norm(const std::string& name, int size) { values(name, {size}, 1, 0.1); }
  void matrix(const std::string& name, int inputs, int outputs, double gain) {
    values(name, {inputs, outputs}, 0, gain / std::sqrt(inputs));
  }
  void values(const std::string& name, std::vector<std::int64_t> dims, double mean, double deviation) {
    std::normal_distribution<float> normal(static_cast<float>(mean), static_cast<float>(deviation));
    std::size_t count = 1;
    for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
    std::vector<float> numbers(count);
    for (float& number : numbers) number = normal(random_);
    std::vector<std::byte> data(count * sizeof(float));
    std::memcpy(data.data(), numbers.data(), data.size());
    writer_.add(name, BlockType::f32, std::move(dims), std::move(data));
  }

  TinySizes sizes_;
  std::mt19937 random_;
  gguf::Writer writer_;
};

}  // namespace

TinySizes tiny_sizes(const std::string& architecture) {
  TinySizes sizes;
  sizes.architecture = architecture;
  if (architecture == "gemma3") sizes.layers = 6;   // the sixth sees everything
  if (architecture == "smollm3") sizes.layers = 5;  // the fourth has no positions
  return sizes;
}

TinyModel::TinyModel(const TinySizes& sizes, unsigned seed)
    : bytes(Builder(sizes, seed).build()),
      file(gguf::File::parse(bytes, "tiny.gguf")),
      model(std::make_shared<model::Model>(file, Arithmetic{ProductType::f32})) {}

std::vector<std::int32_t> random_tokens(std::int64_t count, int vocabulary, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int32_t> uniform(0, vocabulary - 1);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(count));
  for (auto& token : tokens) token = uniform(random);
  return tokens;
}

}  // namespace focusllm::test

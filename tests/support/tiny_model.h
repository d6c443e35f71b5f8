#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "focusllm/gguf.h"
#include "model/model.h"

namespace focusllm::test {

/// Sizes of a random model: small, odd where odd is allowed.
struct TinySizes {
  std::string architecture = "llama";
  int layers = 3, width = 48, feed_forward = 80, vocabulary = 97;
  int heads = 4, kv_heads = 2, dim = 16;
  int context = 512;
  int sliding_window = 7;  ///< gemma3
  float rope_base = 10000;
};

/// Enough layers for each kind that the architecture has.
TinySizes tiny_sizes(const std::string& architecture);

/// A GGUF model with random F32 weights, in memory. The bytes live as long as this does.
struct TinyModel {
  explicit TinyModel(const TinySizes& sizes, unsigned seed = 1);
  std::vector<std::byte> bytes;
  std::shared_ptr<const gguf::File> file;
  std::shared_ptr<const model::Model> model;
};

std::vector<std::int32_t> random_tokens(std::int64_t count, int vocabulary, unsigned seed);

}  // namespace focusllm::test

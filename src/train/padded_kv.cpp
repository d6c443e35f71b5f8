#include "train/padded_kv.h"

#include <algorithm>

namespace focusllm::train {
namespace {

std::int64_t count_tokens(const PaddedKv::Parts& parts) {
  std::int64_t tokens = 0;
  for (const FrozenKv* part : parts) tokens += part != nullptr ? part->tokens() : 0;
  return tokens;
}

}  // namespace

PaddedKv::PaddedKv(const model::Spec& spec, const std::vector<Parts>& sequences, std::int64_t room,
                   const Backend& backend) {
  for (const Parts& parts : sequences) tokens_.push_back(count_tokens(parts));
  const std::int64_t most = sequences.empty() ? 0 : *std::max_element(tokens_.begin(), tokens_.end());
  const auto count = static_cast<std::int64_t>(sequences.size());
  // Zeros: what is in an empty slot is multiplied by 0.
  data_ = torch::zeros({spec.layers, 2, count, spec.heads.kv_heads, most + room, spec.heads.dim},
                       backend.kv_options());
  std::vector<std::int64_t> first_slots;
  for (std::int64_t i = 0; i < count; ++i) {
    first_slots.push_back(most - tokens_[static_cast<std::size_t>(i)]);
    std::int64_t slot = first_slots.back();
    for (const FrozenKv* kv : sequences[static_cast<std::size_t>(i)]) {
      if (kv == nullptr || kv->tokens() == 0) continue;
      part(i, slot, kv->tokens()).copy_(kv->data);
      slot += kv->tokens();
    }
  }
  positions_ = (torch::arange(most + room, torch::kLong).unsqueeze(0) -
                torch::tensor(first_slots, torch::kLong).unsqueeze(1))
                   .to(backend.device);
}

}  // namespace focusllm::train

#include "context/focus_reference.h"

#include <algorithm>
#include <vector>

namespace focusllm::test {
namespace {

using torch::Tensor;
using Tokens = std::vector<std::int32_t>;

/// Raw keys and values of the candidates of one step, by layer: [n, kv_heads, dim].
struct CandidateSet {
  std::vector<Tensor> keys, values;
};

Tensor visible(const TorchDecoder& decoder, int layer, Tensor query_positions, Tensor key_positions) {
  const Tensor distance = query_positions.unsqueeze(1) - key_positions.unsqueeze(0);
  const std::int64_t window = decoder.spec().window(layer);
  return window > 0 ? (distance >= 0).logical_and(distance < window) : distance >= 0;
}

class Reference {
 public:
  Reference(const TorchDecoder& decoder, std::span<const std::int32_t> prompt,
            std::span<const std::int32_t> generated, const FocusSizes& sizes)
      : decoder_(decoder), sizes_(sizes), all_(prompt.begin(), prompt.end()), prompt_(std::ssize(prompt)) {
    all_.insert(all_.end(), generated.begin(), generated.end());
    cut_ = std::max<std::int64_t>(0, prompt_ - sizes.local);
    for (std::int64_t first = 0, end = 0; end < cut_; first = end - sizes.overlap) {
      end = std::min(first + sizes.chunk, cut_);
      chunks_.emplace_back(all_.begin() + first, all_.begin() + end);
    }
  }

  /// The candidates of the token `last`.
  CandidateSet candidates(std::int64_t last) const {
    const auto layers = static_cast<std::size_t>(decoder_.spec().layers);
    CandidateSet set{std::vector<Tensor>(layers), std::vector<Tensor>(layers)};
    for (const Tokens& chunk : chunks_) {
      Tokens sequence = chunk;
      append_with_bos(prompt_ - std::min(sizes_.tail, prompt_ - cut_), last, sequence);
      decoder_.forward(sequence, remember_last(set), std::ssize(sequence) - 1);
    }
    return set;
  }

  /// Local rows up to the token `last`, where row i sees sets[i] (index in the local window without BOS).
  Tensor local(std::int64_t last, const std::vector<const CandidateSet*>& sets) const {
    Tokens window;
    append_with_bos(cut_, last, window);
    const std::int64_t bos = std::ssize(window) - (last + 1 - cut_);
    const auto attention = [&](int layer, Tensor q, Tensor k, Tensor v) {
      const auto n = static_cast<std::int64_t>(chunks_.size());
      const Tensor positions = torch::arange(n, n + q.size(0));
      Tensor out = torch::zeros_like(q);
      for (std::int64_t row = 0; row < q.size(0); ++row) {
        const auto& set = *sets[static_cast<std::size_t>(std::max<std::int64_t>(0, row - bos))];
        out[row] = attend(layer, q.slice(0, row, row + 1), k.slice(0, 0, row + 1), v.slice(0, 0, row + 1),
                          set, positions.slice(0, 0, row + 1))[0];
      }
      return out;
    };
    return decoder_.forward(window, attention)[-1];
  }

  std::int64_t cut() const { return cut_; }

 private:
  void append_with_bos(std::int64_t first, std::int64_t last, Tokens& to) const {
    const bool wanted =
        sizes_.bos && !chunks_.empty() && all_[static_cast<std::size_t>(first)] != *sizes_.bos;
    if (wanted) to.push_back(*sizes_.bos);
    to.insert(to.end(), all_.begin() + first, all_.begin() + last + 1);
  }

  TorchDecoder::Attention remember_last(CandidateSet& set) const {
    return [this, &set](int layer, Tensor q, Tensor k, Tensor v) {
      const auto index = static_cast<std::size_t>(layer);
      const auto add = [](Tensor& to, Tensor row) { to = to.defined() ? torch::cat({to, row}) : row; };
      add(set.keys[index], k.slice(0, -1));
      add(set.values[index], v.slice(0, -1));
      const Tensor positions = torch::arange(q.size(0));
      return masked_attention(decoder_.rotate(q, positions, layer), decoder_.rotate(k, positions, layer), v,
                              visible(decoder_, layer, positions, positions),
                              decoder_.spec().attention_scale);
    };
  }

  Tensor attend(int layer, Tensor q, Tensor k, Tensor v, const CandidateSet& set, Tensor positions) const {
    const auto index = static_cast<std::size_t>(layer);
    const Tensor at = positions.slice(0, -1);
    Tensor key_positions = positions;
    if (!chunks_.empty()) {
      key_positions = torch::cat({torch::arange(static_cast<std::int64_t>(chunks_.size())), positions});
      k = torch::cat({set.keys[index], k});
      v = torch::cat({set.values[index], v});
    }
    return masked_attention(decoder_.rotate(q, at, layer), decoder_.rotate(k, key_positions, layer), v,
                            visible(decoder_, layer, at, key_positions), decoder_.spec().attention_scale);
  }

  const TorchDecoder& decoder_;
  FocusSizes sizes_;
  Tokens all_;
  std::int64_t prompt_, cut_ = 0;
  std::vector<Tokens> chunks_;
};

}  // namespace

Tensor focus_reference(const TorchDecoder& decoder, std::span<const std::int32_t> prompt,
                       std::span<const std::int32_t> generated, const FocusSizes& sizes, bool exact) {
  const Reference reference(decoder, prompt, generated, sizes);
  const std::int64_t first = std::ssize(prompt) - 1;
  std::vector<CandidateSet> steps;
  for (std::int64_t i = 0; i <= std::ssize(generated); ++i) steps.push_back(reference.candidates(first + i));
  std::vector<Tensor> hidden;
  for (std::int64_t i = 0; i <= std::ssize(generated); ++i) {
    std::vector<const CandidateSet*> sets;
    for (std::int64_t token = reference.cut(); token <= first + i; ++token) {
      const std::int64_t own = exact ? i : std::max<std::int64_t>(0, token - first);
      sets.push_back(&steps[static_cast<std::size_t>(own)]);
    }
    hidden.push_back(reference.local(first + i, sets));
  }
  return torch::stack(hidden);
}

}  // namespace focusllm::test

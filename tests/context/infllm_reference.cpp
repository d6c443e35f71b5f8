#include "context/infllm_reference.h"

#include <algorithm>
#include <numeric>

namespace focusllm::test {
namespace {

using torch::Tensor;

/// One layer's memory and its attention, block of queries by block of queries.
class Layer {
 public:
  Layer(const TorchDecoder& decoder, const InfLlmSizes& sizes, int index, Tensor q, Tensor k, Tensor v)
      : sizes_(sizes),
        heads_(q.size(1)),
        group_(q.size(1) / k.size(1)),
        scale_(decoder.spec().attention_scale),
        k_(k.repeat_interleave(group_, 1)),
        v_(v.repeat_interleave(group_, 1)) {
    const auto n = q.size(0);
    const auto true_positions = torch::arange(n);
    q_near_ = decoder.rotate(q, true_positions, index);
    k_near_ = decoder.rotate(k_, true_positions, index);
    q_far_ = decoder.rotate(q, torch::full({n}, sizes.local - 1), index);
    scores_ = torch::zeros({heads_, n}, torch::kFloat64);
    out_ = torch::zeros_like(q);
  }

  void block(std::int64_t begin, std::int64_t end, std::int64_t top_k) {
    const std::vector<std::int64_t> chosen = select(begin, end, top_k);
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t h = 0; h < heads_; ++h) query(i, h, end - 1, chosen);
    }
    while (end - remainder() - sizes_.block >= sizes_.local) retire();
  }
  Tensor out() const { return out_; }

 private:
  std::int64_t remainder() const {
    return sizes_.initial + static_cast<std::int64_t>(blocks_.size()) * sizes_.block;
  }

  std::vector<std::int64_t> select(std::int64_t begin, std::int64_t end, std::int64_t top_k) const {
    std::vector<std::int64_t> ids(blocks_.size());
    std::iota(ids.begin(), ids.end(), 0);
    if (static_cast<std::int64_t>(ids.size()) <= top_k) return ids;
    const Tensor mean = q_far_.slice(0, begin, end).mean(0);
    std::vector<double> scores;
    for (const Tensor& block : blocks_) scores.push_back((mean * block).sum().item<double>());
    std::stable_sort(ids.begin(), ids.end(), [&](std::int64_t a, std::int64_t b) {
      return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    ids.resize(static_cast<std::size_t>(top_k));
    return ids;
  }

  bool far_visible(std::int64_t j, const std::vector<std::int64_t>& chosen) const {
    if (j < sizes_.initial || j >= remainder()) return true;
    return std::find(chosen.begin(), chosen.end(), (j - sizes_.initial) / sizes_.block) != chosen.end();
  }

  /// last: the last query of the block.
  void query(std::int64_t i, std::int64_t h, std::int64_t last, const std::vector<std::int64_t>& chosen) {
    std::vector<std::int64_t> near, far;
    for (std::int64_t j = 0; j <= i; ++j) {
      if (i - j < sizes_.local) near.push_back(j);
      const std::int64_t from = sizes_.parity ? last : i;
      if (from - j >= sizes_.local && far_visible(j, chosen)) far.push_back(j);
    }
    const Tensor near_ids = torch::tensor(near);
    const Tensor far_ids = torch::tensor(far, torch::kInt64);
    const Tensor k_near = k_near_.select(1, h).index_select(0, near_ids);
    const Tensor k_far = k_.select(1, h).index_select(0, far_ids);
    const Tensor logits =
        torch::cat({torch::mv(k_near, q_near_[i][h]), torch::mv(k_far, q_far_[i][h])}) * scale_;
    const Tensor probabilities = torch::softmax(logits, 0);
    const Tensor values = v_.select(1, h).index_select(0, torch::cat({near_ids, far_ids}));
    out_[i][h] = torch::mv(values.t(), probabilities);
    scores_[h].index_add_(0, near_ids, probabilities.slice(0, 0, near_ids.size(0)));
  }

  void retire() {
    const std::int64_t first = remainder();
    std::vector<Tensor> representatives;
    for (std::int64_t h = 0; h < heads_; ++h) {
      const Tensor scores = scores_[h].slice(0, first, first + sizes_.block);
      const Tensor best = std::get<1>(scores.topk(sizes_.representatives));
      representatives.push_back(
          k_.select(1, h).slice(0, first, first + sizes_.block).index_select(0, best).mean(0));
    }
    blocks_.push_back(torch::stack(representatives));
  }

  InfLlmSizes sizes_;
  std::int64_t heads_, group_;
  double scale_;
  Tensor k_, v_, q_near_, k_near_, q_far_, scores_, out_;
  std::vector<Tensor> blocks_;  ///< representatives [heads, dim]
};

}  // namespace

TorchDecoder::Attention infllm_reference(const TorchDecoder& decoder, const InfLlmSizes& sizes,
                                         std::vector<QueryBlock> query_blocks) {
  return [&decoder, sizes, query_blocks](int index, Tensor q, Tensor k, Tensor v) {
    if (const auto window = decoder.spec().window(index); window > 0) {
      const Tensor positions = torch::arange(q.size(0));
      const Tensor distance = positions.unsqueeze(1) - positions.unsqueeze(0);
      return masked_attention(decoder.rotate(q, positions, index), decoder.rotate(k, positions, index), v,
                              (distance >= 0).logical_and(distance < window), decoder.spec().attention_scale);
    }
    Layer layer(decoder, sizes, index, q, k, v);
    std::int64_t begin = 0;
    for (const QueryBlock& block : query_blocks) {
      layer.block(begin, begin + block.size, block.top_k);
      begin += block.size;
    }
    return layer.out();
  };
}

}  // namespace focusllm::test

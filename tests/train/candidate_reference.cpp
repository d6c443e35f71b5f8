#include "train/candidate_reference.h"

#include <cmath>

#include "tensor/block_type.h"

namespace focusllm::test {
namespace {

torch::Tensor to_double(const gguf::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  dequantize(tensor.type, tensor.data.data(), tensor.elements(), values.data());
  const std::vector<std::int64_t> shape(tensor.dims.rbegin(), tensor.dims.rend());
  return torch::from_blob(values.data(), shape, torch::kFloat32).to(torch::kFloat64);
}

std::string prefix(int layer) {
  return "blk." + std::to_string(layer) + ".";
}

}  // namespace

CandidateReference::CandidateReference(const gguf::File& file, std::map<std::string, torch::Tensor> candidate,
                                       std::optional<std::int32_t> bos)
    : decoder_(file), candidate_(std::move(candidate)), bos_(bos) {
  for (const gguf::Tensor& tensor : file.tensors()) weights_[tensor.name] = to_double(tensor);
}

torch::Tensor CandidateReference::weight(const Row& row, const std::string& name) const {
  const auto own = candidate_.find(name);
  return row.candidate && own != candidate_.end() ? own->second : weights_.at(name);
}

torch::Tensor CandidateReference::norm(torch::Tensor x, const std::string& name) const {
  return x / torch::sqrt(x.pow(2).mean(-1, true) + decoder_.spec().epsilon) * weights_.at(name);
}

CandidateReference::Row CandidateReference::start(std::int32_t token, std::int64_t position,
                                                  bool candidate) const {
  auto x = weights_.at("token_embd.weight")[token];
  if (decoder_.spec().architecture == "gemma3") x = x * std::sqrt(static_cast<double>(decoder_.spec().width));
  return {token, position, candidate, x, {}, {}, {}};
}

void CandidateReference::project(int layer, Row& row) const {
  const attention::HeadShape& shape = decoder_.spec().heads;
  const auto n = norm(row.x, prefix(layer) + "attn_norm.weight");
  const auto one = [&](const char* name, int heads) {
    auto y = torch::mv(weight(row, prefix(layer) + name + ".weight"), n);
    if (weights_.count(prefix(layer) + name + ".bias")) y = y + weights_.at(prefix(layer) + name + ".bias");
    y = y.view({heads, shape.dim});
    const std::string own_norm = prefix(layer) + name + "_norm.weight";
    return weights_.count(own_norm) ? norm(y, own_norm) : y;
  };
  row.q = one("attn_q", shape.heads);
  row.k = one("attn_k", shape.kv_heads);
  row.v = one("attn_v", shape.kv_heads);
}

void CandidateReference::finish(int layer, Row& row, const std::vector<Key>& keys) const {
  const std::int64_t window = decoder_.spec().window(layer);
  std::vector<torch::Tensor> k, v;
  std::vector<std::int64_t> positions;
  for (const Key& key : keys) {
    if (window > 0 && row.position - key.position >= window) continue;
    k.push_back(key.row->k);
    v.push_back(key.row->v);
    positions.push_back(key.position);
  }
  const auto q = decoder_.rotate(row.q.unsqueeze(0), torch::tensor({row.position}), layer);
  const auto rotated = decoder_.rotate(torch::stack(k), torch::tensor(positions), layer);
  const auto all = torch::ones({1, rotated.size(0)}, torch::kBool);
  const auto attended =
      masked_attention(q, rotated, torch::stack(v), all, decoder_.spec().attention_scale).flatten();
  auto y = torch::mv(weight(row, prefix(layer) + "attn_output.weight"), attended);
  if (weights_.count(prefix(layer) + "post_attention_norm.weight")) {
    y = norm(y, prefix(layer) + "post_attention_norm.weight");
  }
  row.x = row.x + y;
  const auto n = norm(row.x, prefix(layer) + "ffn_norm.weight");
  const auto gate = torch::mv(weights_.at(prefix(layer) + "ffn_gate.weight"), n);
  const auto up = torch::mv(weights_.at(prefix(layer) + "ffn_up.weight"), n);
  const bool gemma = decoder_.spec().architecture == "gemma3";
  y = torch::mv(weights_.at(prefix(layer) + "ffn_down.weight"),
                (gemma ? torch::gelu(gate, "tanh") : torch::silu(gate)) * up);
  if (weights_.count(prefix(layer) + "post_ffw_norm.weight")) {
    y = norm(y, prefix(layer) + "post_ffw_norm.weight");
  }
  row.x = row.x + y;
}

torch::Tensor CandidateReference::log_probabilities(const train::Sample& sample,
                                                    train::Supervision supervision) const {
  const torch::NoGradGuard no_gradients;
  std::int64_t last = 0;
  for (std::size_t r = 0; r < sample.weights.size(); ++r) {
    if (sample.weights[r] > 0) last = static_cast<std::int64_t>(r);
  }
  const bool paper = supervision == train::Supervision::paper;
  const std::int64_t split = paper ? last : sample.split;
  const auto local = [&](std::int64_t r) { return sample.local[static_cast<std::size_t>(r)]; };

  // Each chunk's world: its tokens, BOS, the tail; and its candidates, one for each step.
  const std::int64_t tail_first = std::max<std::int64_t>(0, split - sample.tail + 1);
  std::vector<std::vector<Row>> worlds;
  std::vector<std::vector<Row>> candidates;
  for (const auto& chunk : sample.chunks) {
    std::vector<Row> world;
    const auto add = [&](std::int32_t token) {
      world.push_back(start(token, static_cast<std::int64_t>(world.size()), false));
    };
    for (const std::int32_t token : chunk->tokens) add(token);
    if (bos_ && local(tail_first) != *bos_) add(*bos_);
    const auto first = static_cast<std::int64_t>(world.size());
    for (std::int64_t r = tail_first; r < last; ++r) add(local(r));
    std::vector<Row> own;
    for (std::int64_t r = split; r <= last; ++r) own.push_back(start(local(r), first + r - tail_first, true));
    worlds.push_back(std::move(world));
    candidates.push_back(std::move(own));
  }
  // The local window.
  std::vector<Row> window;
  const bool has_bos = bos_ && local(0) != *bos_;
  if (has_bos) window.push_back(start(*bos_, sample.local_position, false));
  for (std::int64_t r = 0; r <= last; ++r) {
    window.push_back(start(local(r), sample.local_position + r + (has_bos ? 1 : 0), false));
  }

  for (int layer = 0; layer < decoder_.spec().layers; ++layer) {
    for (auto* rows : {&worlds, &candidates}) {
      for (auto& world : *rows) {
        for (Row& row : world) project(layer, row);
      }
    }
    for (Row& row : window) project(layer, row);
    // Everyone's keys before anyone moves on to the next layer.
    const auto before = [](const std::vector<Row>& rows, std::int64_t position, std::vector<Key>& keys) {
      for (const Row& row : rows) {
        if (row.position < position) keys.push_back({&row, row.position});
      }
    };
    for (std::size_t w = 0; w < window.size(); ++w) {
      const std::int64_t r = static_cast<std::int64_t>(w) - (has_bos ? 1 : 0);
      const std::int64_t step = std::max<std::int64_t>(0, r - split);
      std::vector<Key> keys;
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        keys.push_back({&candidates[i][static_cast<std::size_t>(step)], sample.positions[i]});
      }
      before(window, window[w].position, keys);
      keys.push_back({&window[w], window[w].position});
      finish(layer, window[w], keys);
    }
    for (std::size_t i = 0; i < worlds.size(); ++i) {
      for (auto* rows : {&candidates[i], &worlds[i]}) {
        for (Row& row : *rows) {
          std::vector<Key> keys;
          before(worlds[i], row.position, keys);
          keys.push_back({&row, row.position});
          finish(layer, row, keys);
        }
      }
    }
  }

  const auto& head =
      weights_.count("output.weight") ? weights_.at("output.weight") : weights_.at("token_embd.weight");
  std::vector<torch::Tensor> chosen;
  for (std::int64_t r = split; r <= last; ++r) {
    const auto i = static_cast<std::size_t>(r);
    if (sample.weights[i] == 0) continue;
    const auto hidden = norm(window[i + (has_bos ? 1 : 0)].x, "output_norm.weight");
    chosen.push_back(torch::log_softmax(torch::mv(head, hidden), 0)[sample.targets[i]]);
  }
  return torch::stack(chosen);
}

}  // namespace focusllm::test

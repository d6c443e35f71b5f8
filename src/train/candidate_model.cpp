#include "train/candidate_model.h"

#include <limits>
#include <numeric>

namespace focusllm::train {

using torch::Tensor;

Tensor Prediction::log_probabilities() const {
  const auto targets =
      torch::tensor(std::vector<std::int64_t>(rows.targets.begin(), rows.targets.end()), torch::kLong)
          .to(logits.device());
  const auto chosen = logits.gather(1, targets.unsqueeze(1)).squeeze(1);
  return chosen - torch::logsumexp(logits, 1);
}

Tensor Prediction::loss_sum() const {
  const auto weights = torch::tensor(rows.weights, torch::kFloat).to(logits.options());
  return -(log_probabilities() * weights).sum();
}

namespace {

std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> positions(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), first);
  return positions;
}

/// Each value `times` times in a row.
std::vector<std::int64_t> repeated(const std::vector<std::int64_t>& values, std::int64_t times) {
  std::vector<std::int64_t> all;
  for (const std::int64_t value : values) all.insert(all.end(), static_cast<std::size_t>(times), value);
  return all;
}

/// What stays the same for all layers that see everything, or for all sliding-window layers.
struct LayerKind {
  RotaryTable candidate;           ///< in their chunks' worlds
  RotaryTable candidate_in_front;  ///< in front of the local window
  RotaryTable local;
  Tensor hidden;  ///< [local rows, chunks + local rows], local_attention's
};

LayerKind layer_kind(const FrozenModel& model, const SampleRows& rows, const CandidateMemory& memory,
                     int layer) {
  const auto local = consecutive(rows.local_position, static_cast<std::int64_t>(rows.local.size()));
  std::vector<std::int64_t> keys = rows.positions;
  keys.insert(keys.end(), local.begin(), local.end());
  const auto visible = visible_keys(torch::tensor(local, torch::kLong), torch::tensor(keys, torch::kLong),
                                    model.spec().window(layer));
  const auto hidden = torch::zeros(visible.sizes(), torch::kDouble)
                          .masked_fill(visible.logical_not(), -std::numeric_limits<double>::infinity());
  return {model.rotary(memory.positions, layer), model.rotary(repeated(rows.positions, rows.steps), layer),
          model.rotary(local, layer), hidden.to(model.backend().options())};
}

}  // namespace

struct CandidateModel::Streams {
  const CandidateMemory& memory;
  LocalShape shape;
  FrozenModel::ByKind<LayerKind> kinds;
  Tensor candidates;    ///< [chunks * steps, width] residual streams
  Tensor local;         ///< [local rows, width]
  Tensor keys, values;  ///< [chunks * steps, kv_heads, dim] of the candidates at this layer, keys not rotated
};

CandidateModel::CandidateModel(std::shared_ptr<const gguf::File> file, const Backend& backend,
                               const AdapterShape& shape, const CancelToken& cancel)
    : model_(std::move(file), backend),
      parameters_(model_, shape),
      ordinary_(OrdinaryRows::make(model_)),
      cache_(model_, *ordinary_),
      cancel_(cancel) {}

Prediction CandidateModel::predict(const Sample& sample, Supervision supervision) {
  Prediction prediction;
  prediction.rows = sample_rows(sample, supervision, model_.bos(), model_.spec().vocabulary);
  if (prediction.rows.steps == 0) return prediction;
  prediction.memory = remember(sample, prediction.rows);
  prediction.logits = local_logits(prediction.rows, *prediction.memory);
  return prediction;
}

std::shared_ptr<const CandidateMemory> CandidateModel::remember(const Sample& sample,
                                                                const SampleRows& rows) {
  const torch::NoGradGuard no_gradients;
  auto memory = std::make_shared<CandidateMemory>();
  memory->steps = rows.steps;
  memory->chunks = cache_.get(sample.chunks, cancel_);
  for (const auto& chunk : memory->chunks) {
    memory->tails.emplace_back(model_.spec(), static_cast<std::int64_t>(rows.tail.size()), model_.backend());
    const auto positions = consecutive(chunk->tokens() + rows.first_candidate, rows.steps);
    memory->positions.insert(memory->positions.end(), positions.begin(), positions.end());
  }
  std::vector<OrdinarySequence> sequences;
  std::vector<PaddedKv::Parts> worlds;
  for (std::size_t i = 0; i < memory->chunks.size(); ++i) {
    sequences.push_back({memory->chunks[i].get(), rows.tail, &memory->tails[i]});
    worlds.push_back({memory->chunks[i].get(), &memory->tails[i]});
  }
  if (!rows.tail.empty()) ordinary_->encode(sequences, cancel_);
  if (!model_.backend().fast && !worlds.empty()) memory->plain = plain_memory(model_, worlds, *memory);
  return memory;
}

void CandidateModel::candidate_layer(int index, Streams& streams) const {
  const FrozenLayer& layer = model_.layer(index);
  const LayerKind& kind = streams.kinds[model_.kind(index)];
  const std::int64_t rows = streams.candidates.size(0);
  auto qkv = parameters_.qkv(index, model_.norm(streams.candidates, layer.attention_norm));
  if (layer.qkv_bias.defined()) qkv = qkv + layer.qkv_bias;
  const HeadRows heads = split_heads(model_, layer, qkv);
  streams.keys = heads.keys;
  streams.values = heads.values;
  if (index + 1 == model_.spec().layers) return;  // the rest of the last layer is seen by nobody
  const auto attended =
      candidate_attention(model_, index, streams.memory, model_.rotate(heads.queries, kind.candidate),
                          model_.rotate(heads.keys, kind.candidate), heads.values);
  const auto y = parameters_.out(index, attended.reshape({rows, -1}));
  streams.candidates = model_.add_feed_forward(layer, model_.add_attention(layer, streams.candidates, y));
}

void CandidateModel::local_layer(int index, Streams& streams) const {
  const FrozenLayer& layer = model_.layer(index);
  const LayerKind& kind = streams.kinds[model_.kind(index)];
  auto qkv = layer.qkv.apply(model_.norm(streams.local, layer.attention_norm));
  if (layer.qkv_bias.defined()) qkv = qkv + layer.qkv_bias;
  HeadRows heads = split_heads(model_, layer, qkv);
  heads.queries = model_.rotate(heads.queries, kind.local);
  heads.keys = model_.rotate(heads.keys, kind.local);
  const auto keys =
      streams.shape.chunks > 0 ? model_.rotate(streams.keys, kind.candidate_in_front) : Tensor();
  const auto attended =
      local_attention(streams.shape, heads, keys, streams.values, kind.hidden, model_.spec().attention_scale);
  const auto y = layer.out.apply(attended.reshape({streams.local.size(0), -1}));
  streams.local = model_.add_feed_forward(layer, model_.add_attention(layer, streams.local, y));
}

Tensor CandidateModel::local_logits(const SampleRows& rows, const CandidateMemory& memory) const {
  Streams streams{memory,
                  {rows.chunks, rows.steps, rows.prompt},
                  model_.by_kind([&](int layer) { return layer_kind(model_, rows, memory, layer); }),
                  model_.embed(rows.candidate_tokens).repeat({rows.chunks, 1}),
                  model_.embed(rows.local),
                  {},
                  {}};
  for (int i = 0; i < model_.spec().layers; ++i) {
    cancel_.check();
    if (rows.chunks > 0) candidate_layer(i, streams);
    local_layer(i, streams);
  }
  const auto labels = torch::tensor(rows.label_rows, torch::kLong).to(streams.local.device());
  return model_.logits(streams.local.index_select(0, labels));
}

}  // namespace focusllm::train

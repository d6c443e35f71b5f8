#include "context/infllm/infllm.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "context/infllm/infllm_method.h"
#include "model/rotations.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kExecutedTogether =
    512;                                   // tokens that choose their memory together, as in the paper's code
constexpr std::int64_t kCitedTokens = 64;  // tokens of a citation, or a block where that is longer

std::shared_ptr<memory::BlockFile> block_file(const Options& options, const model::Spec& spec) {
  if (options.block_cache == 0) return nullptr;
  return std::make_shared<memory::BlockFile>(
      options.cache_dir, memory::BlockCache::record_bytes(spec.heads, options.kv_type, options.block));
}

/// Of the layer that is the `index`th to remember. Null: all blocks stay in memory.
std::unique_ptr<memory::BlockCache> block_cache(const Options& options, const model::Spec& spec,
                                                const std::shared_ptr<memory::BlockFile>& file,
                                                std::int64_t index) {
  if (!file) return nullptr;
  const memory::BlockCache::Place place{file, index, remembering_layers(spec)};
  const memory::Eviction eviction{options.evict_by_score, options.score_decay, options.parity};
  return std::make_unique<memory::BlockCache>(spec.heads, options.kv_type, options.block, options.block_cache,
                                              place, eviction);
}

}  // namespace

InfLlm::InfLlm(const Options& options, std::shared_ptr<const model::Model> the_model)
    : SingleLane(std::move(the_model),
                 {.rows = std::min(kExecutedTogether, options.local), .whole = true, .last_alone = true}),
      sizes_(sizes_of(options)),
      top_k_(options.top_k),
      answer_top_k_(options.answer_top_k),
      far_(options.parity ? attention::kEverything : attention::beyond(options.local)) {
  const auto& heads = spec().heads;
  const auto file = block_file(options, spec());
  std::int64_t remembering = 0;
  for (int i = 0; i < spec().layers; ++i) {
    const std::int64_t window = spec().window(i);
    auto cache = window > 0 ? nullptr : block_cache(options, spec(), file, remembering++);
    layers_.push_back({BlockMemory(heads, options.kv_type, sizes_, std::move(cache)),
                       memory::PagedRows(heads, options.kv_type, WindowCache::kPage)});
    windows_.emplace_back();
    if (window > 0) windows_.back().emplace(spec(), options.kv_type, window, options.block);
  }
  const std::int64_t far_position[] = {sizes_.local - 1};
  far_rotations_ = {model(), far_position};
}

std::unique_ptr<Context> InfLlm::fork() const {
  const bool in_file = std::any_of(layers_.begin(), layers_.end(),
                                   [](const LayerState& layer) { return layer.memory.cache() != nullptr; });
  return in_file ? nullptr : std::make_unique<InfLlm>(*this);
}

std::int64_t InfLlm::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const LayerState& layer : layers_) bytes += layer.memory.bytes() + layer.rotated.bytes();
  for (const auto& window : windows_) bytes += window ? window->bytes() : 0;
  return bytes;
}

TierUse InfLlm::tier_use() const {
  TierUse use;
  for (const LayerState& layer : layers_) {
    const memory::BlockCache* cache = layer.memory.cache();
    if (cache == nullptr) continue;
    use.disk_bytes += cache->file_bytes();
    use.found += cache->found();
    use.read += cache->read();
  }
  return use;
}

void InfLlm::attend(const model::LaneRows& rows, std::vector<attention::Block>& blocks) {
  const auto index = static_cast<std::size_t>(rows.layer);
  if (windows_[index]) return windows_[index]->attend(spec(), rows, blocks);
  LayerState& state = layers_[index];
  store(rows, state);
  choose_local(rows, state);
  choose_far(rows, state);
  parts_[kNear] = {.queries = rows.queries(),
                   .positions = rows.positions,
                   .visible = attention::window(sizes_.local),
                   .scale = spec().attention_scale,
                   .runs = local_runs_};
  const bool far = !far_runs_.empty();
  if (far) {
    parts_[kFar] = {.queries = rows.queries(far_rotations_, kFar),
                    .positions = rows.positions,
                    .visible = far_,
                    .scale = spec().attention_scale,
                    .runs = far_runs_};
  }
  blocks.push_back(rows.block(state.memory.type(), std::span(parts_).first(far ? kParts : kFar)));
}

void InfLlm::attended(const model::LaneRows& rows, std::span<const attention::Block> blocks) {
  const auto index = static_cast<std::size_t>(rows.layer);
  if (windows_[index]) return;
  LayerState& state = layers_[index];
  weigh(blocks.front(), state);
  score(rows, blocks.front(), state);
  state.memory.retire();
}

void InfLlm::save_rows(memory::Saver& saver) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (windows_[i]) {
      windows_[i]->save(saver);
    } else {
      layers_[i].memory.save(saver);
      layers_[i].rotated.save(saver);
    }
  }
}

void InfLlm::load_rows(memory::Loader& loader) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (windows_[i]) {
      windows_[i]->load(loader);
    } else {
      layers_[i].memory.load(loader);
      layers_[i].rotated.load(loader);
    }
  }
}

void InfLlm::store(const model::LaneRows& rows, LayerState& state) {
  const std::int64_t width = std::int64_t{spec().heads.kv_heads} * spec().heads.dim;
  state.rotated.drop_before(rows.positions[0] - sizes_.local + 1);
  state.rotated.append(rows.keys(), width, rows.count);
  state.memory.append(rows.raw_keys, rows.values, rows.stride, rows.count);
}

void InfLlm::choose_local(const model::LaneRows& rows, LayerState& state) {
  const std::int64_t first = std::max<std::int64_t>(0, rows.positions[0] - sizes_.local + 1);
  local_runs_.clear();
  state.memory.add_runs(state.rotated, first, state.memory.tokens(), local_runs_);
}

void InfLlm::choose_far(const model::LaneRows& rows, LayerState& state) {
  BlockMemory& memory = state.memory;
  chosen_.clear();
  chosen_runs_.clear();
  far_runs_.clear();
  // Later tokens are in every row's window.
  const std::int64_t end = rows.positions[rows.count - 1] - sizes_.local + 1;
  if (end <= 0) return;
  memory.add_initial(end, far_runs_);
  memory.add_remainder(end, far_runs_);
  if (memory.blocks() == 0) return;
  chosen_ = memory.select(model().isa(), mean_query(rows).data(), answering() ? answer_top_k_ : top_k_);
  memory.add_blocks(chosen_, chosen_runs_);
  far_runs_.insert(far_runs_.end(), chosen_runs_.begin(), chosen_runs_.end());
}

std::vector<float> InfLlm::mean_query(const model::LaneRows& rows) const {
  const auto& heads = spec().heads;
  const auto width = static_cast<std::size_t>(spec().attention_width());
  std::vector<float> mean(width, 0.0F);
  for (std::int64_t row = 0; row < rows.count; ++row) {
    for (std::size_t i = 0; i < width; ++i)
      mean[i] += rows.raw_queries[row * rows.stride + static_cast<std::int64_t>(i)];
  }
  for (float& value : mean) value /= static_cast<float>(rows.count);
  // All rows turn by the same angle, so the mean of the rotated is the mean, rotated.
  far_rotations_.rotate(rows.layer, mean.data(), heads.heads, 0, mean.data());
  return mean;
}

std::span<const float> InfLlm::sum_columns(const attention::Block& block, const attention::Part& part,
                                           std::int64_t keys) const {
  thread_local AlignedBuffer<float> sums;
  sums.resize(static_cast<std::size_t>(spec().heads.heads * keys));
  std::fill(sums.data(), sums.data() + sums.size(), 0.0F);
  attention::column_sums(block, part, block.lse, sums.data(), keys);
  return sums.span();
}

void InfLlm::score(const model::LaneRows& rows, const attention::Block& block, LayerState& state) {
  const std::int64_t oldest = rows.positions[0] - sizes_.local + 1;
  const std::int64_t first = std::max(state.memory.remainder_begin(), oldest);
  const std::int64_t count = state.memory.tokens() - first;
  if (count <= 0) return;
  local_runs_.clear();
  state.memory.add_runs(state.rotated, first, state.memory.tokens(), local_runs_);
  attention::Part near = block.parts[kNear];
  near.runs = local_runs_;
  state.memory.add_scores(first, count, sum_columns(block, near, count).data(), count);
}

std::int64_t InfLlm::passage() const {
  return std::max<std::int64_t>(1, kCitedTokens / sizes_.block);
}

void InfLlm::start_citing() {
  citing_ = true;
  received_.clear();
}

void InfLlm::weigh(const attention::Block& block, LayerState& state) {
  const bool scored = state.memory.cache() != nullptr && state.memory.cache()->wants_scores();
  if (chosen_.empty() || !(citing_ || scored)) return;
  const std::int64_t count = static_cast<std::int64_t>(chosen_.size()) * sizes_.block;
  attention::Part chosen = block.parts[kFar];
  chosen.runs = chosen_runs_;
  const std::span<const float> sums = sum_columns(block, chosen, count);
  received_.resize(static_cast<std::size_t>((state.memory.blocks() + passage() - 1) / passage()));
  std::vector<double> total(chosen_.size()), masses(chosen_.size());
  for (int head = 0; head < spec().heads.heads; ++head) {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const float* shares = sums.data() + head * count + static_cast<std::int64_t>(i) * sizes_.block;
      masses[i] = std::accumulate(shares, shares + sizes_.block, 0.0);
      total[i] += masses[i];
    }
    if (citing_) cite(masses);
  }
  if (scored) state.memory.score_blocks(chosen_, total);
}

void InfLlm::cite(std::span<const double> masses) {
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    received_[static_cast<std::size_t>(chosen_[i] / passage())].add(masses[i]);
  }
}

std::vector<Attended> InfLlm::attended() const {
  std::vector<Attended> found;
  const std::int64_t tokens = passage() * sizes_.block;
  for (const std::size_t i : by_focus(received_)) {
    found.push_back({sizes_.initial + static_cast<std::int64_t>(i) * tokens, tokens, received_[i].mass});
  }
  return found;
}

}  // namespace focusllm::context

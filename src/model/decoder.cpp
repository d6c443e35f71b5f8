#include "model/decoder.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/threads.h"
#include "tensor/row_ops.h"

namespace focusllm::model {
namespace {

/// RMS norm of each head of some heads that stand side by side in rows `stride` apart (QK-norm).
void norm_heads(Isa isa, const std::vector<float>& weight, float epsilon, int heads, std::int64_t rows,
                std::int64_t stride, float* x) {
  const auto dim = static_cast<std::int64_t>(weight.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    rms_norm(isa, x + row * stride, weight.data(), epsilon, heads, dim, x + row * stride);
  }
}

void product(const Linear& linear, const Rows& rows, const float* x, float* y, bool accumulate) {
  rows.for_uses([&](std::int64_t first, std::int64_t count, Use use) {
    linear.apply(x + first * linear.inputs(), count, y + first * linear.outputs(), use, accumulate);
  });
}

std::string describe(const Rows& rows, std::int64_t bad, const Decoder::Place& place) {
  const std::string where = place.layer < 0 ? place.words : fmt::format("{} {}", place.words, place.layer);
  const auto row = static_cast<std::size_t>(bad);
  return fmt::format(
      "token {} (id {}): its numbers are not finite {}: a weight in the model's file is broken, or a number "
      "overflowed",
      rows.positions[row], rows.tokens[row], where);
}

/// Leaves only some rows of x, in order.
void keep_rows(std::span<const std::int64_t> rows, std::int64_t width, float* x) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<std::int64_t>(i))
      std::copy_n(x + rows[i] * width, width, x + static_cast<std::int64_t>(i) * width);
  }
}

}  // namespace

std::int64_t Decoder::scratch_bytes(const Spec& spec, std::int64_t rows) {
  const std::int64_t floats = 2 * std::int64_t{spec.width} + 2 * std::int64_t{spec.qkv_width()} +
                              spec.attention_width() + 3 * std::int64_t{spec.feed_forward};
  return rows * (4 * floats + std::max(spec.width, spec.feed_forward));
}

std::span<const float> Decoder::forward(const Rows& all, AttentionSource& source,
                                        const std::function<bool()>& stop) {
  if (all.size() == 0) return {};
  const Spec& spec = model_->spec();
  embed(all);
  places_.clear();
  const auto layers = static_cast<int>(model_->layers().size());
  const Rows* rows = &all;
  for (int i = 0; i < layers; ++i) {
    if (stop && stop()) throw Cancelled();
    attend(*rows, i, source);
    const std::vector<std::int64_t> kept = rows->behind(i, layers);
    if (kept.empty()) return {};
    if (std::ssize(kept) < rows->size()) {
      keep(*rows, kept);
      rows = &left_;
    }
    project_out(*rows, model_->layers()[static_cast<std::size_t>(i)]);
    feed_forward(*rows, i, source);
  }
  norm(*rows, model_->output_norm(), {"behind the last layer"}, source);
  return {normed_.data(), static_cast<std::size_t>(rows->size() * spec.width)};
}

void Decoder::keep(const Rows& rows, std::span<const std::int64_t> kept) {
  std::vector<std::int64_t> places;
  for (const std::int64_t row : kept) places.push_back(place(row));
  left_ = rows.only(kept);
  places_ = std::move(places);
  keep_rows(kept, model_->spec().width, x_.data());
  keep_rows(kept, model_->spec().attention_width(), attended_.data());
}

void Decoder::norm(const Rows& rows, const std::vector<float>& weight, const Place& where,
                   AttentionSource& source) {
  const Spec& spec = model_->spec();
  for (;;) {
    const std::int64_t bad = rms_norm(model_->isa(), x_.data(), weight.data(), spec.epsilon, rows.size(),
                                      spec.width, normed_.data());
    if (bad < 0) return;
    const RowRange range = source.broken(place(bad), describe(rows, bad, where));
    fill_rows(rows.size(), range, spec.width, x_.data());
  }
}

void Decoder::embed(const Rows& rows) {
  const Spec& spec = model_->spec();
  const auto count = static_cast<std::size_t>(rows.size());
  const auto width = static_cast<std::size_t>(spec.width);
  x_.resize(count * width);
  normed_.resize(count * width);
  qkv_.resize(count * static_cast<std::size_t>(spec.qkv_width()));
  attended_.resize(count * static_cast<std::size_t>(spec.attention_width()));
  gate_up_.resize(count * 2 * static_cast<std::size_t>(spec.feed_forward));
  gated_.resize(count * static_cast<std::size_t>(spec.feed_forward));
  model_->embed(rows.tokens, x_.data());
}

void Decoder::attend(const Rows& rows, int index, AttentionSource& source) {
  const Spec& spec = model_->spec();
  const Layer& layer = model_->layers()[static_cast<std::size_t>(index)];
  const std::int64_t stride = spec.qkv_width();
  const std::int64_t keys = spec.attention_width();
  norm(rows, layer.attention_norm, index == 0 ? Place{"in the embedding"} : Place{"behind layer", index - 1},
       source);
  attention_product(layer.qkv, rows, normed_.data(), qkv_.data(), false);
  if (!layer.qkv_bias.empty()) {
    for (std::int64_t row = 0; row < rows.size(); ++row)
      add_rows(model_->isa(), layer.qkv_bias.data(), 1, stride, qkv_.data() + row * stride);
  }
  if (!layer.query_norm.empty()) {
    norm_heads(model_->isa(), layer.query_norm, spec.epsilon, spec.heads.heads, rows.size(), stride,
               qkv_.data());
    norm_heads(model_->isa(), layer.key_norm, spec.epsilon, spec.heads.kv_heads, rows.size(), stride,
               qkv_.data() + keys);
  }
  const std::int64_t values = keys + std::int64_t{spec.heads.kv_heads} * spec.heads.dim;
  const LayerRows all{index, rows, qkv_.data(), stride, keys, values, attended_.data()};
  check_last_keys(all, source);
  source.attend(all);
}

void Decoder::check_last_keys(const LayerRows& layer, AttentionSource& source) {
  const bool last = layer.layer + 1 == model_->spec().layers;
  for (std::int64_t row = 0; row < layer.rows.size(); ++row) {
    if (!last && layer.rows.ends[static_cast<std::size_t>(row)] > layer.layer) continue;
    if (all_finite(layer.qkv + row * layer.stride + layer.keys, layer.stride - layer.keys)) continue;
    const RowRange range = source.broken(
        place(row), describe(layer.rows, row, {"in the keys and values of layer", layer.layer}));
    fill_rows(layer.rows.size(), range, layer.stride, qkv_.data());
  }
}

void Decoder::fill_rows(std::int64_t rows, RowRange range, std::int64_t width, float* x) const {
  for (std::int64_t row = 0; row < rows; ++row) {
    if (place(row) >= range.first && place(row) < range.first + range.count)
      std::fill_n(x + row * width, width, 0.0F);
  }
}

void Decoder::attention_product(const AttentionProduct& product, const Rows& rows, const float* x, float* y,
                                bool accumulate) const {
  std::vector<std::int64_t> candidates;
  rows.for_uses([&](std::int64_t first, std::int64_t count, Use use) {
    candidates.clear();
    for (const std::int64_t row : rows.candidates) {
      if (row >= first && row < first + count) candidates.push_back(row - first);
    }
    product.apply(x + first * product.own.inputs(), count, candidates, y + first * product.own.outputs(), use,
                  accumulate);
  });
}

void Decoder::project_out(const Rows& rows, const Layer& layer) {
  const Spec& spec = model_->spec();
  const bool post_norm = !layer.post_attention_norm.empty();
  float* target = post_norm ? normed_.data() : x_.data();
  attention_product(layer.attention_out, rows, attended_.data(), target, !post_norm);
  if (!post_norm) return;
  rms_norm(model_->isa(), normed_.data(), layer.post_attention_norm.data(), spec.epsilon, rows.size(),
           spec.width, normed_.data());
  add_rows(model_->isa(), normed_.data(), rows.size(), spec.width, x_.data());
}

void Decoder::feed_forward(const Rows& all, int index, AttentionSource& source) {
  const Spec& spec = model_->spec();
  const Layer& layer = model_->layers()[static_cast<std::size_t>(index)];
  const std::int64_t rows = all.size();
  norm(all, layer.feed_forward_norm, {"behind the attention of layer", index}, source);
  product(layer.gate_up, all, normed_.data(), gate_up_.data(), false);
  if (spec.layer(index).gate == Gate::silu) {
    silu_gate(model_->isa(), gate_up_.data(), rows, spec.feed_forward, gated_.data());
  } else {
    gelu_gate(model_->isa(), gate_up_.data(), rows, spec.feed_forward, gated_.data());
  }
  if (layer.post_feed_forward_norm.empty()) {
    product(layer.down, all, gated_.data(), x_.data(), true);
    return;
  }
  product(layer.down, all, gated_.data(), normed_.data(), false);
  rms_norm(model_->isa(), normed_.data(), layer.post_feed_forward_norm.data(), spec.epsilon, rows, spec.width,
           normed_.data());
  add_rows(model_->isa(), normed_.data(), rows, spec.width, x_.data());
}

}  // namespace focusllm::model

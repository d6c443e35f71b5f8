#include "context/infllm/block_memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/ceil_div.h"
#include "base/error.h"
#include "base/threads.h"
#include "tensor/row_ops.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kPageTokens = 256;

std::int64_t initial_page(const BlockMemory::Sizes& sizes) {
  return std::max<std::int64_t>(1, sizes.initial);
}

template <typename Ranked>
void keep_best(std::vector<Ranked>& ranked, std::int64_t count) {
  if (static_cast<std::int64_t>(ranked.size()) <= count) return;
  std::nth_element(ranked.begin(), ranked.begin() + count, ranked.end());
  ranked.resize(static_cast<std::size_t>(count));
}

}  // namespace

BlockMemory::BlockMemory(const attention::HeadShape& heads, attention::KvType type, const Sizes& sizes,
                         std::unique_ptr<memory::BlockCache> cache)
    : heads_(heads),
      sizes_(sizes),
      keys_(heads, type, kPageTokens),
      values_(heads, type, kPageTokens),
      initial_keys_(heads, type, initial_page(sizes)),
      initial_values_(heads, type, initial_page(sizes)),
      cache_(std::move(cache)),
      scores_(static_cast<std::size_t>(heads.heads)) {}

void BlockMemory::append(const float* keys, const float* values, std::int64_t stride, std::int64_t rows) {
  keys_.append(keys, stride, rows);
  values_.append(values, stride, rows);
  const std::int64_t initial = std::min(rows, sizes_.initial - initial_keys_.count());
  initial_keys_.append(keys, stride, initial);
  initial_values_.append(values, stride, initial);
  const auto size = static_cast<std::size_t>(tokens() - remainder_begin());
  for (auto& scores : scores_) scores.resize(size, 0.0F);
}

std::int64_t BlockMemory::remainder_begin() const {
  return std::min(tokens(), sizes_.initial + blocks_ * sizes_.block);
}

void BlockMemory::add_initial(std::int64_t end, std::vector<attention::KvRun>& runs) const {
  memory::add_runs(initial_keys_, initial_values_, 0, std::min(end, initial_keys_.count()), runs);
}

void BlockMemory::add_remainder(std::int64_t end, std::vector<attention::KvRun>& runs) const {
  if (end > remainder_begin()) memory::add_runs(keys_, values_, remainder_begin(), end, runs);
}

void BlockMemory::add_blocks(std::span<const std::int64_t> blocks, std::vector<attention::KvRun>& runs) {
  if (cache_) return cache_->fetch(blocks, sizes_.initial, runs);
  for (const std::int64_t block : blocks) {
    memory::add_runs(keys_, values_, block_begin(block), block_begin(block) + sizes_.block, runs);
  }
}

void BlockMemory::rank_page(Isa isa, const float* query, std::int64_t page, std::int64_t top_k,
                            std::vector<Ranked>& best) const {
  const std::int64_t first = page * kPageBlocks;
  const std::int64_t count = std::min(kPageBlocks, blocks_ - first);
  std::array<float, kPageBlocks> scores;
  dot_rows(isa, query, representatives_[static_cast<std::size_t>(page)]->data(), count,
           representative_width(), scores.data());
  best.clear();
  for (std::int64_t i = 0; i < count; ++i) {
    const float score = scores[static_cast<std::size_t>(i)];
    best.emplace_back(std::isnan(score) ? INFINITY : -score, first + i);  // NaN has no order
  }
  keep_best(best, top_k);
}

std::vector<std::int64_t> BlockMemory::select(Isa isa, const float* query, std::int64_t top_k) const {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(std::min(blocks_, top_k)));
  std::iota(ids.begin(), ids.end(), 0);
  if (blocks_ <= top_k) return ids;
  std::vector<std::vector<Ranked>> pages(representatives_.size());
  parallel_for(static_cast<std::int64_t>(pages.size()), [&](std::int64_t page) {
    rank_page(isa, query, page, top_k, pages[static_cast<std::size_t>(page)]);
  });
  std::vector<Ranked> best;
  for (const auto& page : pages) best.insert(best.end(), page.begin(), page.end());
  keep_best(best, top_k);
  std::transform(best.begin(), best.end(), ids.begin(), [](const Ranked& block) { return block.second; });
  std::sort(ids.begin(), ids.end());
  return ids;
}

void BlockMemory::add_scores(std::int64_t first, std::int64_t count, const float* sums, std::int64_t stride) {
  const auto offset = static_cast<std::size_t>(first - remainder_begin());
  for (std::size_t head = 0; head < scores_.size(); ++head) {
    const float* row = sums + static_cast<std::int64_t>(head) * stride;
    for (std::int64_t i = 0; i < count; ++i) scores_[head][offset + static_cast<std::size_t>(i)] += row[i];
  }
}

void BlockMemory::retire() {
  std::int64_t cut = 0;  // tokens
  for (; tokens() - remainder_begin() - sizes_.block >= sizes_.local; cut += sizes_.block) cut_block(cut);
  if (cut == 0) return;
  for (auto& scores : scores_) scores.erase(scores.begin(), scores.begin() + cut);
  if (!cache_) return;
  keys_.drop_before(remainder_begin());
  values_.drop_before(remainder_begin());
}

Bf16* BlockMemory::next_representatives() {
  const std::int64_t used = blocks_ % kPageBlocks * representative_width();
  if (used == 0) {
    const auto size = static_cast<std::size_t>(kPageBlocks * representative_width());
    representatives_.push_back(std::make_shared<AlignedBuffer<Bf16>>(size));
  } else if (representatives_.back().use_count() > 1) {
    representatives_.back() = std::make_shared<AlignedBuffer<Bf16>>(representatives_.back()->copy());
  }
#ifndef __SANITIZE_THREAD__                             // which knows no fences
  std::atomic_thread_fence(std::memory_order_acquire);  // behind what others did before they let it go
#endif
  return representatives_.back()->data() + used;
}

void BlockMemory::cut_block(std::int64_t offset) {
  const std::int64_t first = remainder_begin();
  if (cache_) cache_->add(keys_, values_, first);
  Bf16* to = next_representatives();
  std::vector<float> mean(static_cast<std::size_t>(heads_.dim));
  for (int head = 0; head < heads_.heads; ++head) {
    represent(head, first, offset, mean.data());
    for (const float value : mean) *to++ = to_bf16(value);
  }
  ++blocks_;
}

void BlockMemory::represent(int head, std::int64_t first, std::int64_t offset, float* out) const {
  const float* scores = scores_[static_cast<std::size_t>(head)].data() + offset;
  std::vector<std::int64_t> order(static_cast<std::size_t>(sizes_.block));
  std::iota(order.begin(), order.end(), 0);
  const auto top = order.begin() + sizes_.representatives;
  std::partial_sort(order.begin(), top, order.end(), [&](std::int64_t a, std::int64_t b) {
    const float x = scores[a];
    const float y = scores[b];
    return x != y ? x > y : a < b;
  });
  std::vector<float> key(static_cast<std::size_t>(heads_.dim));
  std::fill(out, out + heads_.dim, 0.0F);
  const int kv_head = head / (heads_.heads / heads_.kv_heads);
  for (auto it = order.begin(); it != top; ++it) {
    keys_.read(first + *it, kv_head, key.data());
    for (int i = 0; i < heads_.dim; ++i) out[i] += key[static_cast<std::size_t>(i)];
  }
  for (int i = 0; i < heads_.dim; ++i) out[i] /= static_cast<float>(sizes_.representatives);
}

std::int64_t BlockMemory::bytes() const {
  return keys_.bytes() + values_.bytes() + initial_keys_.bytes() + initial_values_.bytes() +
         (cache_ ? cache_->bytes() : 0) +
         static_cast<std::int64_t>(representatives_.size()) * kPageBlocks * representative_width() * 2;
}

void BlockMemory::save(memory::Saver& saver) const {
  if (cache_)
    throw Error("a text whose blocks are in a file is not kept: leave out `block_cache`", "block_cache");
  for (const auto* rows : {&keys_, &values_, &initial_keys_, &initial_values_}) rows->save(saver);
  saver.number(blocks_);
  std::int64_t left = blocks_ * representative_width();
  for (const auto& page : representatives_) {
    // Of the last one, only the beginning is written.
    const std::int64_t used = std::min(left, kPageBlocks * representative_width());
    saver.array(std::span<const Bf16>(page->span()).first(static_cast<std::size_t>(used)));
    left -= used;
  }
  for (const auto& scores : scores_) saver.array(std::span<const float>(scores));
}

void BlockMemory::load(memory::Loader& loader) {
  for (auto* rows : {&keys_, &values_, &initial_keys_, &initial_values_}) rows->load(loader);
  blocks_ = loader.number(0, keys_.count());
  representatives_.clear();
  for (std::int64_t left = blocks_; left > 0; left -= kPageBlocks) {
    const std::vector<Bf16> used = loader.array<Bf16>();
    representatives_.push_back(std::make_shared<AlignedBuffer<Bf16>>(
        static_cast<std::size_t>(kPageBlocks * representative_width())));
    const auto most = std::min(used.size(), representatives_.back()->size());
    std::copy_n(used.begin(), most, representatives_.back()->data());
  }
  for (auto& scores : scores_) {
    scores = loader.array<float>();
    if (std::ssize(scores) != tokens() - remainder_begin()) memory::Loader::reject();
  }
}

std::int64_t BlockMemory::blocks_of(const Sizes& sizes, std::int64_t tokens) {
  return std::max<std::int64_t>(0, tokens - sizes.initial - sizes.local) / sizes.block;
}

std::int64_t BlockMemory::bytes_needed(const attention::HeadShape& heads, attention::KvType type,
                                       const Sizes& sizes, std::int64_t tokens, std::int64_t cache_blocks) {
  const std::int64_t blocks = blocks_of(sizes, tokens);
  const std::int64_t in_pages = cache_blocks == 0 ? tokens : tokens - blocks * sizes.block;
  return 2 * (in_pages + kPageTokens + sizes.initial + cache_blocks * sizes.block) *
             memory::row_bytes(heads, type) +
         (blocks + kPageBlocks) * heads.heads * heads.dim * 2;
}

}  // namespace focusllm::context

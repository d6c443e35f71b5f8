#include "memory/block_cache.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/threads.h"

namespace focusllm::memory {

BlockCache::BlockCache(const HeadShape& shape, KvType type, std::int64_t block_tokens, std::int64_t slots,
                       Place place, Eviction eviction)
    : layout_(shape, type, block_tokens),
      place_(std::move(place)),
      eviction_(eviction),
      data_(static_cast<std::size_t>(slots * place_.file->record_bytes())),
      slots_(static_cast<std::size_t>(slots)) {}

std::int64_t BlockCache::record_bytes(const HeadShape& shape, KvType type, std::int64_t block_tokens) {
  return KvLayout(shape, type, block_tokens).bytes(1);
}

void BlockCache::add(const PagedRows& keys, const PagedRows& values, std::int64_t begin) {
  std::vector<std::byte> record(static_cast<std::size_t>(layout_.bytes(1)));
  std::vector<attention::KvRun> runs;
  add_runs(keys, values, begin, begin + layout_.capacity(), runs);
  for (const attention::KvRun& run : runs)
    layout_.copy(run, run.position - begin, record.data(), record.data() + layout_.side_bytes());
  place_.file->write(place_.first + blocks_ * place_.step, record);
  ++blocks_;
}

std::span<std::byte> BlockCache::slot_bytes(std::int64_t slot) {
  const auto size = static_cast<std::size_t>(place_.file->record_bytes());
  return data_.span().subspan(static_cast<std::size_t>(slot) * size, size);
}

attention::KvRun BlockCache::run(std::int64_t slot, std::int64_t position) const {
  const std::byte* keys = data_.data() + slot * layout_.bytes(1);
  return layout_.run(keys, keys + layout_.side_bytes(), 0, layout_.capacity(), position);
}

std::vector<std::int64_t> BlockCache::victims(std::size_t count) const {
  std::vector<std::int64_t> free(slots_.size());
  std::iota(free.begin(), free.end(), 0);
  std::erase_if(free, [&](std::int64_t i) { return slots_[static_cast<std::size_t>(i)].chosen == fetches_; });
  const auto rank = [&](std::int64_t i) {
    const Slot& slot = slots_[static_cast<std::size_t>(i)];
    const double worth = eviction_.by_score ? slot.score : static_cast<double>(slot.chosen);
    return std::tuple(slot.block >= 0, worth, slot.block);
  };
  std::partial_sort(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(count), free.end(),
                    [&](std::int64_t a, std::int64_t b) { return rank(a) < rank(b); });
  free.resize(count);
  return free;
}

void BlockCache::fetch(std::span<const std::int64_t> blocks, std::int64_t origin,
                       std::vector<attention::KvRun>& runs) {
  ++fetches_;
  std::vector<std::int64_t> missing;
  for (const std::int64_t block : blocks) {
    const auto there = slot_of_.find(block);
    if (there == slot_of_.end()) {
      missing.push_back(block);
      continue;
    }
    Slot& slot = slots_[static_cast<std::size_t>(there->second)];
    slot.chosen = fetches_;
    if (eviction_.forget) slot.score = 0;
  }
  const std::vector<std::int64_t> taken = victims(missing.size());
  for (const std::int64_t slot : taken) {
    slot_of_.erase(std::exchange(slots_[static_cast<std::size_t>(slot)], {}).block);
  }
  parallel_for(std::ssize(missing), [&](std::int64_t i) {
    const auto index = static_cast<std::size_t>(i);
    place_.file->read(place_.first + missing[index] * place_.step, slot_bytes(taken[index]));
  });
  for (std::size_t i = 0; i < missing.size(); ++i) {
    slots_[static_cast<std::size_t>(taken[i])] = {missing[i], fetches_, 0};
    slot_of_[missing[i]] = taken[i];
  }
  found_ += std::ssize(blocks) - std::ssize(missing);
  read_ += std::ssize(missing);
  for (const std::int64_t block : blocks)
    runs.push_back(run(slot_of_.at(block), origin + block * layout_.capacity()));
}

void BlockCache::score(std::span<const std::int64_t> blocks, std::span<const double> received) {
  for (Slot& slot : slots_) slot.score *= eviction_.decay;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    slots_[static_cast<std::size_t>(slot_of_.at(blocks[i]))].score += received[i];
  }
}

}  // namespace focusllm::memory

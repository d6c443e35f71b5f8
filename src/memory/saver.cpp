#include "memory/saver.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "memory/kv_layout.h"

namespace focusllm::memory {
namespace {

std::size_t aligned(std::size_t place) {
  return static_cast<std::size_t>(KvLayout::aligned(static_cast<std::int64_t>(place)));
}

}  // namespace

void Saver::bytes(SavedPiece piece) {
  if (piece.size() >= kLarge) {
    large_.push_back(std::move(piece));
    return;
  }
  record_.resize(aligned(record_.size()));
  for (const auto& part : piece.parts) put(part);
}

std::vector<SavedPiece> Saver::take() {
  const auto record = std::make_shared<const std::vector<std::byte>>(std::move(record_));
  large_.insert(large_.begin(), {.parts = {*record}, .keepers = {record}});
  return std::move(large_);
}

Loader::Loader(std::span<const SavedPiece> pieces) {
  if (pieces.empty()) reject();
  large_ = pieces.subspan(1);
  record_ = whole(pieces.front());
}

void Loader::reject() {
  fail("what was kept of the text is not what this program keeps");
}

Loader::Whole Loader::whole(const SavedPiece& piece) {
  const bool as_it_is =
      piece.parts.size() == 1 && piece.keepers.size() == 1 &&
      reinterpret_cast<std::uintptr_t>(piece.parts.front().data()) % KvLayout::kAlignment == 0;
  if (as_it_is) return {{piece.keepers.front(), piece.parts.front().data()}, piece.size()};
  const auto copy = std::make_shared<AlignedBuffer<std::byte>>(piece.size());
  std::byte* to = copy->data();
  for (const auto& part : piece.parts) to = std::ranges::copy(part, to).out;
  return {{copy, copy->data()}, piece.size()};
}

std::int64_t Loader::number() {
  std::int64_t value = 0;
  std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
  return value;
}

std::int64_t Loader::number(std::int64_t least, std::int64_t most) {
  const std::int64_t value = number();
  if (value < least || value > most) reject();
  return value;
}

std::span<const std::byte> Loader::take(std::size_t count) {
  if (count > record_.size - place_) reject();
  const std::span bytes(record_.data.get() + place_, count);
  place_ += count;
  return bytes;
}

std::shared_ptr<const std::byte> Loader::bytes(std::size_t count) {
  if (count >= Saver::kLarge) {
    if (large_.empty() || large_.front().size() != count) reject();
    Whole piece = whole(large_.front());
    large_ = large_.subspan(1);
    return std::move(piece.data);
  }
  if (aligned(place_) > record_.size) reject();
  place_ = aligned(place_);
  return {record_.data, take(count).data()};
}

void Loader::finish() const {
  if (place_ != record_.size || !large_.empty()) reject();
}

}  // namespace focusllm::memory

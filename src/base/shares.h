#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

namespace focusllm {

/// Hands out the numbers [0, count) to the threads of a team, in pieces. Each thread takes those of its own
/// share in order, so that what it reads ahead is what it reads next; one whose share is done takes from the
/// ends of the others', so that a thread that loses its core delays them by one piece only.
class Shares {
 public:
  struct Piece {
    std::int64_t begin = 0;
    std::int64_t end = 0;  ///< begin: nothing is left
  };

  /// Before the threads start. `count` below 2^32.
  void start(std::int64_t count, int threads) {
    if (threads > room_) share_ = std::make_unique<Share[]>(static_cast<std::size_t>(threads));
    room_ = std::max(threads, room_);
    threads_ = threads;
    for (std::int64_t i = 0; i < threads; ++i) {
      share_[static_cast<std::size_t>(i)].left.store(pack({count * i / threads, count * (i + 1) / threads}),
                                                     std::memory_order_relaxed);
    }
  }

  /// Up to `most` numbers for a thread of the team, which may be smaller than was said.
  Piece take(int thread, std::int64_t most) {
    for (int i = 0; i < threads_; ++i) {
      const Piece piece =
          take_from(share_[static_cast<std::size_t>((thread + i) % threads_)].left, most, i == 0);
      if (piece.begin < piece.end) return piece;
    }
    return {};
  }

 private:
  struct alignas(64) Share {
    std::atomic<std::uint64_t> left{0};
  };

  static std::uint64_t pack(Piece piece) {
    return static_cast<std::uint64_t>(piece.begin) << 32 | static_cast<std::uint64_t>(piece.end);
  }

  static Piece take_from(std::atomic<std::uint64_t>& left, std::int64_t most, bool from_front) {
    std::uint64_t packed = left.load(std::memory_order_relaxed);
    while (true) {
      const Piece all{static_cast<std::int64_t>(packed >> 32),
                      static_cast<std::int64_t>(packed & 0xffffffffU)};
      if (all.begin >= all.end) return {};
      Piece taken = all;
      Piece rest = all;
      if (from_front) taken.end = rest.begin = std::min(all.begin + most, all.end);
      if (!from_front) taken.begin = rest.end = std::max(all.end - most, all.begin);
      if (left.compare_exchange_weak(packed, pack(rest), std::memory_order_relaxed)) return taken;
    }
  }

  std::unique_ptr<Share[]> share_;
  int threads_ = 0;
  int room_ = 0;
};

}  // namespace focusllm

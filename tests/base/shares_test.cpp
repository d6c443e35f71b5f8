#include "base/shares.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace focusllm {
namespace {

TEST(Shares, AThreadsOwnPiecesFollowEachOther) {
  Shares shares;
  shares.start(10, 2);
  for (const auto& [begin, end] : {std::pair{5, 7}, {7, 9}, {9, 10}}) {
    const Shares::Piece piece = shares.take(1, 2);
    EXPECT_EQ(piece.begin, begin);
    EXPECT_EQ(piece.end, end);
  }
  const Shares::Piece from_the_end = shares.take(1, 2);
  EXPECT_EQ(from_the_end.begin, 3);
  EXPECT_EQ(from_the_end.end, 5);
  EXPECT_EQ(shares.take(0, 2).begin, 0);
  EXPECT_EQ(shares.take(0, 2).begin, 2);
  const Shares::Piece none = shares.take(0, 2);
  EXPECT_EQ(none.begin, none.end);
}

TEST(Shares, EachNumberIsGivenOnceHoweverManyThreadsCome) {
  Shares shares;
  for (const int told : {4, 1, 3, 7}) {
    for (const int come : {1, 2, 5}) {
      for (const std::int64_t count : {0, 1, 2, 1000}) {
        shares.start(count, told);
        std::vector<std::atomic<int>> given(static_cast<std::size_t>(count));
        std::vector<std::thread> team;
        for (int thread = 0; thread < come; ++thread) {
          team.emplace_back([&, thread] {
            for (auto piece = shares.take(thread, 3); piece.begin < piece.end;
                 piece = shares.take(thread, 3)) {
              for (std::int64_t i = piece.begin; i < piece.end; ++i) ++given[static_cast<std::size_t>(i)];
            }
          });
        }
        for (std::thread& thread : team) thread.join();
        for (const auto& times : given) EXPECT_EQ(times, 1);
      }
    }
  }
}

}  // namespace
}  // namespace focusllm

// Ranks over Gloo on the loopback interface, each in a thread of its own.

#include "train/group.h"

#include <chrono>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/group_backend.h"
#include "train/tiny_training.h"
#include "train/training_run.h"

namespace focusllm::test {
namespace {

using testing::HasSubstr;
using train::Group;
using train::GroupOptions;
using train::Trainer;

GroupOptions rank_options(int rank, int ranks, std::uint16_t port, int timeout_ms = 20'000) {
  GroupOptions options;
  options.rank = rank;
  options.world_size = ranks;
  options.port = port;
  options.timeout = std::chrono::milliseconds(timeout_ms);
  return options;
}

/// Runs body(rank) in a thread for each rank; what it threw, or nothing.
std::vector<std::string> on_ranks(int ranks, const std::function<void(int)>& body) {
  std::vector<std::string> errors(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(rank);
      } catch (const Error& error) {
        errors[static_cast<std::size_t>(rank)] = error.what();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return errors;
}

TEST(Group, SumsOverRanks) {
  const std::uint16_t port = train::free_port();
  const auto errors = on_ranks(3, [&](int rank) {
    const auto group = Group::join(rank_options(rank, 3, port));
    auto values = torch::tensor({1.0F + static_cast<float>(rank), 10.0F});
    group->sum(values);
    EXPECT_TRUE(values.equal(torch::tensor({6.0F, 30.0F})));
    double one = 0.5;
    group->sum(std::span(&one, 1));
    EXPECT_EQ(one, 1.5);
    group->barrier();
  });
  for (const auto& error : errors) EXPECT_EQ(error, "");
}

// One GPU is enough for one rank only: what NCCL does with it is all that can be seen there.
TEST(Group, NcclSumsOnTheGpu) {
#ifdef FOCUSLLM_NCCL
  if (!gpu_backend()) GTEST_SKIP() << "no GPU";
  auto options = rank_options(0, 1, train::free_port());
  options.gpu = 0;
  const auto group = train::join_backend(options);
  auto values = torch::tensor({1.0F, 10.0F}, torch::kCUDA);
  group->sum(values);
  EXPECT_TRUE(values.cpu().equal(torch::tensor({1.0F, 10.0F})));
  double one = 0.5;
  group->sum(std::span(&one, 1));
  EXPECT_EQ(one, 0.5);
#else
  GTEST_SKIP() << "built without NCCL";
#endif
}

TEST(Group, OneAloneNeedsNoNetwork) {
  const auto group = Group::join(rank_options(0, 1, 1));
  double one = 0.5;
  group->sum(std::span(&one, 1));
  EXPECT_EQ(one, 0.5);
}

TEST(Group, ARankThatIsGoneEndsTheOthers) {
  const std::uint16_t port = train::free_port();
  const auto start = std::chrono::steady_clock::now();
  const auto errors = on_ranks(2, [&](int rank) {
    const auto group = Group::join(rank_options(rank, 2, port, 10'000));
    group->barrier();
    if (rank == 1) return;  // dies
    group->barrier();
  });
  EXPECT_THAT(errors[0], HasSubstr("rank 0 of 2: lost the other ranks"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Group, ARankThatHangsEndsTheOthers) {
  const std::uint16_t port = train::free_port();
  std::promise<void> given_up;
  const auto errors = on_ranks(2, [&](int rank) {
    const auto group = Group::join(rank_options(rank, 2, port, 4000));
    group->barrier();
    if (rank == 1) return given_up.get_future().wait();  // alive, but does not come
    try {
      group->barrier();
    } catch (const Error&) {
      given_up.set_value();
      throw;
    }
    given_up.set_value();
  });
  EXPECT_THAT(errors[0], HasSubstr("more than 4 s"));
}

TEST(Group, ARankThatNeverComesEndsTheOthers) {
  const std::uint16_t port = train::free_port();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(Group::join(rank_options(0, 2, port, 1000)), Error);
  EXPECT_THROW(Group::join(rank_options(1, 2, train::free_port(), 1000)), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Group, RefusesRanksThatMakeNoSense) {
  EXPECT_THROW(Group::join(rank_options(2, 2, 1)), UsageError);
  EXPECT_THROW(Group::join(rank_options(-1, 2, 1)), UsageError);
  EXPECT_THROW(Group::join(rank_options(0, 0, 1)), UsageError);
}

TEST(Group, ReadsTheEnvironment) {
  EXPECT_FALSE(GroupOptions::from_environment().has_value());
  setenv("WORLD_SIZE", "4", 1);
  EXPECT_THROW(GroupOptions::from_environment(), UsageError);
  setenv("RANK", "3", 1);
  setenv("MASTER_ADDR", "10.0.0.7", 1);
  setenv("MASTER_PORT", "1234", 1);
  const auto options = GroupOptions::from_environment();
  EXPECT_EQ(options->rank, 3);
  EXPECT_EQ(options->world_size, 4);
  EXPECT_EQ(options->address, "10.0.0.7");
  EXPECT_EQ(options->port, 1234);
  for (const char* wrong : {"", "x", "4x", "-1", "70000"}) {
    setenv("MASTER_PORT", wrong, 1);
    EXPECT_THROW(GroupOptions::from_environment(), UsageError) << wrong;
  }
  for (const char* name : {"WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT"}) unsetenv(name);
}

TEST(Group, TwoRanksTrainAsOne) {
  const TemporaryFolder folder;
  const auto model = write_model(folder);
  const auto samples = retrieval_samples(3, 21);
  const CancelToken cancel;
  constexpr int kSteps = 4;
  std::vector<train::StepResult> one;
  {
    Trainer trainer(model, tiny_options(), nullptr, cancel);
    for (int i = 0; i < kSteps; ++i) one.push_back(trainer.step(samples));
  }
  const std::uint16_t port = train::free_port();
  const auto errors = on_ranks(2, [&](int rank) {
    Trainer trainer(model, tiny_options(), Group::join(rank_options(rank, 2, port)), cancel);
    const auto share = rank == 0 ? std::span(samples).first(2) : std::span(samples).subspan(2);
    for (const train::StepResult& want : one) {
      const auto got = trainer.step(share);
      ASSERT_EQ(got.losses.size(), want.losses.size());
      for (const auto& [kind, loss] : want.losses) {
        EXPECT_DOUBLE_EQ(got.losses.at(kind).labels, loss.labels);
        EXPECT_TRUE(std::abs(got.losses.at(kind).sum - loss.sum) <= 1e-4 * loss.sum);
      }
      EXPECT_TRUE(std::abs(got.gradient_norm - want.gradient_norm) <= 1e-3 * want.gradient_norm);
    }
    trainer.evaluate(share);
    if (rank == 1) trainer.save(folder / "of_rank_1");
    if (rank == 0) trainer.save(folder / "of_rank_0");
  });
  for (const auto& error : errors) EXPECT_EQ(error, "");
  EXPECT_EQ(contents(folder / "of_rank_0"), contents(folder / "of_rank_1")) << "ranks drift apart";
}

TEST(Group, RanksWithOtherOptionsAreRefusedByAll) {
  const TemporaryFolder folder;
  const auto model = write_model(folder);
  const CancelToken cancel;
  const std::uint16_t port = train::free_port();
  const auto errors = on_ranks(2, [&](int rank) {
    auto options = tiny_options();
    options.learning_rate += rank;
    const Trainer trainer(model, options, Group::join(rank_options(rank, 2, port)), cancel);
  });
  for (const auto& error : errors) EXPECT_THAT(error, HasSubstr("other options than rank 0"));
}

TEST(Group, ALossThatIsNotANumberOnOneRankEndsAll) {
  const TemporaryFolder folder;
  const auto model = write_model(folder);
  const CancelToken cancel;
  const std::uint16_t port = train::free_port();
  auto options = tiny_options();
  options.learning_rate = 1e30;
  options.final_learning_rate = 1e30;
  const auto samples = retrieval_samples(2, 21);
  const auto errors = on_ranks(2, [&](int rank) {
    Trainer trainer(model, options, Group::join(rank_options(rank, 2, port)), cancel);
    for (int i = 0; i < 2; ++i) trainer.step(std::span(samples).subspan(static_cast<std::size_t>(rank), 1));
  });
  for (const auto& error : errors) EXPECT_THAT(error, HasSubstr("step 2"));
}

}  // namespace
}  // namespace focusllm::test

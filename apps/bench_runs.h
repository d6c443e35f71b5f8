#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace focusllm::cli {

/// One line of the report: a test with a method, all its repetitions.
struct BenchResult {
  std::string test;  ///< "pp2048", "tg64", "tg64 @ d16384"
  std::string method;
  std::int64_t depth = 0;  ///< tokens read before
  attention::KvType kv_type = attention::KvType::bf16;
  std::vector<double> rates;  ///< tokens/s of each repetition
  double limit = 0;           ///< tokens/s that the measured peaks allow; 0: unknown
  std::int64_t memory_bytes = 0;

  double mean() const;
  double deviation() const;
  double peak_percent() const { return limit > 0 ? 100 * mean() / limit : 0; }
};

/// Runs tests with fresh random words every time, so that nothing can be answered from what was read before.
class BenchRunner {
 public:
  BenchRunner(std::shared_ptr<const Engine> engine, std::uint64_t seed);

  /// Tokens/s of reading `tokens` tokens up to the first new one; fills in what the session says about
  /// itself.
  double prefill(const ContextOptions& options, std::int64_t tokens, BenchResult& result);
  /// Tokens/s of generating `tokens` tokens after reading `depth`.
  double decode(const ContextOptions& options, std::int64_t tokens, std::int64_t depth, BenchResult& result);

 private:
  std::string random_text(std::int64_t tokens);
  std::unique_ptr<Session> session(const ContextOptions& options, std::int64_t tokens) const;

  std::shared_ptr<const Engine> engine_;
  std::mt19937_64 random_;
  std::vector<std::string> words_;
};

}  // namespace focusllm::cli

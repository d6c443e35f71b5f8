#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "focusllm/session.h"

namespace focusllm::cli {

/// One line of the report: a test with a method, all its repetitions.
struct BenchResult {
  std::string test;  ///< "pp2048", "tg64", "tg64 @ d16384"
  std::string method;
  std::int64_t depth = 0;  ///< tokens read before
  int sessions = 1;        ///< at the same time; rates are those of all together
  KvType kv_type = KvType::bf16;
  std::vector<double> rates;                    ///< tokens/s of each repetition
  double limit = 0;                             ///< tokens/s that the measured peaks allow; 0: unknown
  std::int64_t memory_bytes = 0;                ///< of one session
  std::vector<double> first_token_seconds;      ///< of each repetition, the mean of its sessions
  std::optional<double> undisturbed_rate = {};  ///< tokens/s of the same reading without questions beside it

  double mean() const;
  double deviation() const;
  double first_token() const;  ///< seconds, the mean
  double peak_percent() const { return limit > 0 ? 100 * mean() / limit : 0; }
};

/// Runs tests with fresh random words every time, so that nothing can be answered from what was read before.
class BenchRunner {
 public:
  BenchRunner(std::shared_ptr<const Engine> engine, std::uint64_t seed);

  /// Adds tokens/s of reading `tokens` tokens up to the first new one, in each of result.sessions sessions;
  /// fills in what a session says about itself.
  void prefill(const ContextOptions& options, std::int64_t tokens, BenchResult& result);
  /// Adds tokens/s of generating `tokens` tokens after reading `depth`, likewise.
  void decode(const ContextOptions& options, std::int64_t tokens, std::int64_t depth, BenchResult& result);
  /// Adds the seconds until the first token of short questions, asked while a text of `tokens` tokens is read
  /// by another session, and the tokens/s of that reading, with and without the questions.
  void questions_beside(const ContextOptions& options, std::int64_t tokens, BenchResult& result);

 private:
  struct Reader;
  std::string random_text(std::int64_t tokens);
  std::vector<Reader> readers(const ContextOptions& options, std::int64_t tokens, const CancelToken& cancel,
                              int count);
  double reading_rate(const ContextOptions& options, const std::string& text, std::int64_t tokens,
                      const CancelToken& cancel, BenchResult& result);

  std::shared_ptr<const Engine> engine_;
  std::mt19937_64 random_;
  std::vector<std::string> words_;
};

}  // namespace focusllm::cli

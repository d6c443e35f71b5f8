#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "focusllm/session.h"
#include "method_flags.h"
#include "store_flags.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace focusllm::cli {

/// Tells of each guess about a model's file (Tokenizer::guessed) on standard error.
void warn_of_guesses(const std::string& path, const std::vector<std::string>& guessed);

/// Which model, and how it is loaded.
struct ModelFlags {
  std::string path;
  int threads = 0;
  std::string product_type = "auto";
  std::string adapter;
  bool no_adapter = false;

  void add_to(CLI::App& app);
  /// Throws UsageError without a model.
  void require_path() const;
  /// to_run: warns of what had to be guessed about the file, and weights are rearranged now
  /// (EngineOptions::prepare); else it is only looked at.
  std::shared_ptr<const Engine> load(bool to_run = true) const;
};

/// What is missing where lacks_adapter(), and what to do.
std::string missing_adapter(const std::string& path);

struct SamplingFlags {
  SamplingOptions values;
  std::int64_t seed = -1;

  void add_to(CLI::App& app);
  /// With a seed of its own for each run where none was given.
  SamplingOptions options() const;
};

/// How turns of a conversation become a prompt.
struct TurnFlags {
  std::string system;
  std::string chat_template;

  void add_to(CLI::App& app);
};

/// The text, and what is asked about it: `run` and `chat`.
struct SessionFlags {
  ModelFlags model;
  ContextFlags context;
  SamplingFlags sampling;
  StoreFlags store;
  std::vector<std::string> texts;  ///< names of those that are kept
  std::vector<std::string> files;
  TurnFlags turns;
  bool raw = false, special = false;  ///< `run` only
  std::int64_t predict = 512;
  int cite = 0;
  bool json = false;
  bool verbose = false;

  void add_to(CLI::App& app);
  AskOptions ask_options() const;
};

/// "4k", "1m", "512": tokens, in steps of 1024. Nothing if it is not such a number or out of range.
std::optional<std::int64_t> parse_length(const std::string& text);
/// Comma lists of lengths, each at least `smallest`; throws UsageError naming the flag.
std::vector<std::int64_t> parse_lengths(const std::vector<std::string>& texts, const std::string& flag,
                                        std::int64_t smallest);
/// One of these words.
CLI::Validator one_of(const std::vector<std::string>& names);
/// A number within [min, max]; NaN is not.
CLI::Validator between(double min, double max);
/// At least 1, at most what an int holds.
CLI::Validator positive();

}  // namespace focusllm::cli

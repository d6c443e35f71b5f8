#include "bench_runs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "interrupt.h"

namespace focusllm::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Decoding starts behind a few words: some models have nothing to say after nothing.
constexpr std::int64_t kShortest = 16;
constexpr int kMostAnswers = 1000;

double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// " word": with the space in front, it is one token whatever stands before it.
bool is_word(const std::string& piece) {
  return piece.size() > 2 && piece.front() == ' ' &&
         std::all_of(piece.begin() + 1, piece.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

std::vector<std::string> vocabulary_words(const Tokenizer& tokenizer) {
  std::vector<std::string> words;
  for (std::int64_t id = 0; id < tokenizer.size(); ++id) {
    const auto token = static_cast<Token>(id);
    if (tokenizer.is_control(token)) continue;
    std::string piece = tokenizer.piece(token);
    if (is_word(piece)) words.push_back(std::move(piece));
  }
  if (words.empty()) fail("the model's vocabulary has no English words to make a random text of");
  return words;
}

void describe(const Session& session, BenchResult& result) {
  result.method = session.method();
  result.kv_type = session.kv_type();
  result.memory_bytes = session.memory_bytes();
}

}  // namespace

double BenchResult::mean() const {
  return rates.empty() ? 0
                       : std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size());
}

double BenchResult::deviation() const {
  if (rates.size() < 2) return 0;
  double squares = 0;
  for (const double rate : rates) squares += (rate - mean()) * (rate - mean());
  return std::sqrt(squares / static_cast<double>(rates.size() - 1));
}

BenchRunner::BenchRunner(std::shared_ptr<const Engine> engine, std::uint64_t seed)
    : engine_(std::move(engine)), random_(seed), words_(vocabulary_words(engine_->tokenizer())) {}

std::string BenchRunner::random_text(std::int64_t tokens) {
  const Tokenizer& tokenizer = engine_->tokenizer();
  const std::int64_t wanted = std::max<std::int64_t>(1, tokens - (tokenizer.adds_bos() ? 1 : 0));
  std::vector<std::size_t> starts;
  std::string text;
  for (int attempt = 0; attempt < 8; ++attempt) {
    const std::int64_t missing = wanted - static_cast<std::int64_t>(tokenizer.encode(text).size());
    if (missing == 0) break;
    for (std::int64_t i = 0; i < missing; ++i) {
      starts.push_back(text.size());
      text += words_[random_() % words_.size()];
    }
    for (std::int64_t i = missing; i < 0 && starts.size() > 1; ++i) {
      text.resize(starts.back());
      starts.pop_back();
    }
  }
  return text;
}

std::unique_ptr<Session> BenchRunner::session(const ContextOptions& options, std::int64_t tokens) const {
  Session::Options values;
  values.context = options;
  values.context.beyond_trained = true;  // what counts is the rate, not the answer
  values.raw = true;
  auto session = std::make_unique<Session>(engine_, std::move(values));
  session->expect(tokens);
  return session;
}

double BenchRunner::prefill(const ContextOptions& options, std::int64_t tokens, BenchResult& result) {
  const std::string text = random_text(tokens);
  const auto reader = session(options, tokens + 1);
  const InterruptScope interrupt(*reader);
  Clock::time_point end;
  AskOptions ask;
  ask.max_tokens = 1;
  ask.on_token = [&end](const GeneratedToken&) {
    end = Clock::now();
    return true;
  };
  const auto start = Clock::now();
  reader->read(text);
  const Answer answer = reader->ask("", ask);
  if (end == Clock::time_point{}) end = Clock::now();  // the model had nothing to say
  describe(*reader, result);
  return static_cast<double>(answer.timings.prompt_tokens) / seconds(start, end);
}

double BenchRunner::decode(const ContextOptions& options, std::int64_t tokens, std::int64_t depth,
                           BenchResult& result) {
  const std::int64_t before = std::max(depth, kShortest);
  const auto reader = session(options, before + tokens + 1);
  const InterruptScope interrupt(*reader);
  reader->read(random_text(before));
  double spent = 0;
  std::int64_t counted = 0;
  // The time between two tokens; an answer's first one belongs to the prefill. A model that stops early is
  // asked on.
  for (int answers = 0; counted < tokens && answers < kMostAnswers; ++answers) {
    std::vector<Clock::time_point> times;
    AskOptions ask;
    ask.max_tokens = tokens - counted + 1;
    ask.on_token = [&times](const GeneratedToken&) {
      times.push_back(Clock::now());
      return true;
    };
    reader->ask(answers == 0 ? "" : words_[random_() % words_.size()], ask);
    if (times.size() < 2) continue;
    spent += seconds(times.front(), times.back());
    counted += static_cast<std::int64_t>(times.size()) - 1;
  }
  describe(*reader, result);
  if (counted == 0) fail("the model ends every answer at once: generation cannot be measured with it");
  return static_cast<double>(counted) / spent;
}

}  // namespace focusllm::cli

#include "bench_runs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "interrupt.h"

namespace focusllm::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Decoding starts behind a few words: some models have nothing to say after nothing.
constexpr std::int64_t kShortest = 16;
// Questions that are asked while a text is read, and their tokens and their answers'.
constexpr int kQuestions = 3;
constexpr std::int64_t kQuestion = 32;
constexpr std::int64_t kAnswer = 16;

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

double mean_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / count;
}

/// Calls body(reader) for each reader, all at the same time. Throws the first failure.
template <typename Reader, typename Body>
void together(std::vector<Reader>& readers, const Body& body) {
  std::vector<std::thread> threads;
  for (Reader& reader : readers) {
    threads.emplace_back([&reader, &body] {
      try {
        body(reader);
      } catch (...) {
        reader.failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Reader& reader : readers) {
    if (reader.failure) std::rethrow_exception(reader.failure);
  }
}

void describe(const Session& session, BenchResult& result) {
  result.method = session.method();
  result.kv_type = session.kv_type();
  result.memory_bytes = session.memory_bytes();
}

}  // namespace

double BenchResult::mean() const {
  return mean_of(rates);
}

double BenchResult::first_token() const {
  return mean_of(first_token_seconds);
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

/// A session, and when its tokens came.
struct BenchRunner::Reader {
  std::unique_ptr<Session> session;
  std::vector<Clock::time_point> times;
  std::exception_ptr failure;

  void generate(std::int64_t tokens) {
    AskOptions ask;
    ask.max_tokens = tokens;
    ask.sampling.ignore_end = true;
    ask.on_token = [this](const GeneratedToken&) {
      times.push_back(Clock::now());
      return true;
    };
    session->ask("", ask);
  }
};

std::vector<BenchRunner::Reader> BenchRunner::readers(const ContextOptions& options, std::int64_t tokens,
                                                      const CancelToken& cancel, int count) {
  Session::Options values;
  values.context = options;
  values.context.beyond_trained = true;  // what counts is the rate, not the answer
  values.raw = true;
  values.cancel = &cancel;
  std::vector<Reader> readers(static_cast<std::size_t>(count));
  for (Reader& reader : readers) {
    reader.session = std::make_unique<Session>(engine_, values);
    reader.session->expect(tokens);
  }
  return readers;
}

void BenchRunner::prefill(const ContextOptions& options, std::int64_t tokens, BenchResult& result) {
  CancelToken cancel;
  const InterruptScope interrupt(cancel);
  auto readers = this->readers(options, tokens + 1, cancel, result.sessions);
  std::vector<std::string> texts;
  for (int i = 0; i < result.sessions; ++i) texts.push_back(random_text(tokens));
  const auto start = Clock::now();
  together(readers, [&](Reader& reader) {
    reader.session->read(texts[static_cast<std::size_t>(&reader - readers.data())]);
    AskOptions ask;
    ask.max_tokens = 1;
    reader.session->ask("", ask);
    reader.times.push_back(Clock::now());
  });
  std::int64_t read = 0;
  Clock::time_point end = start;
  double first_tokens = 0;
  for (const Reader& reader : readers) {
    read += reader.session->tokens() - 1;
    end = std::max(end, reader.times.front());
    first_tokens += seconds(start, reader.times.front());
  }
  describe(*readers.front().session, result);
  result.first_token_seconds.push_back(first_tokens / result.sessions);
  result.rates.push_back(static_cast<double>(read) / seconds(start, end));
}

void BenchRunner::decode(const ContextOptions& options, std::int64_t tokens, std::int64_t depth,
                         BenchResult& result) {
  const std::int64_t before = std::max(depth, kShortest);
  CancelToken cancel;
  const InterruptScope interrupt(cancel);
  auto readers = this->readers(options, before + tokens + 1, cancel, result.sessions);
  for (Reader& reader : readers) reader.session->read(random_text(before));
  const auto start = Clock::now();
  together(readers, [&](Reader& reader) { reader.generate(tokens + 1); });
  // While all of them generate; the first token of each belongs to its prompt.
  Clock::time_point first = start, last = Clock::time_point::max();
  double first_tokens = 0;
  for (const Reader& reader : readers) {
    if (reader.times.size() < 2) fail("-n {}: no room to generate them", tokens);
    first = std::max(first, reader.times.front());
    last = std::min(last, reader.times.back());
    first_tokens += seconds(start, reader.times.front());
  }
  std::int64_t counted = 0;
  for (const Reader& reader : readers) {
    counted += std::ranges::count_if(reader.times, [&](auto time) { return time > first && time <= last; });
  }
  if (last <= first)
    fail("-n {}: too few tokens for {} sessions to generate at the same time", tokens, result.sessions);
  describe(*readers.front().session, result);
  result.first_token_seconds.push_back(first_tokens / result.sessions);
  result.rates.push_back(static_cast<double>(counted) / seconds(first, last));
}

double BenchRunner::reading_rate(const ContextOptions& options, const std::string& text, std::int64_t tokens,
                                 const CancelToken& cancel, BenchResult& result) {
  auto readers = this->readers(options, tokens + 1, cancel, 1);
  const auto start = Clock::now();
  readers.front().session->read(text);
  AskOptions ask;
  ask.max_tokens = 1;
  readers.front().session->ask("", ask);
  describe(*readers.front().session, result);
  return static_cast<double>(tokens) / seconds(start, Clock::now());
}

void BenchRunner::questions_beside(const ContextOptions& options, std::int64_t tokens, BenchResult& result) {
  CancelToken cancel;
  const InterruptScope interrupt(cancel);
  const std::string text = random_text(tokens);
  const double alone = reading_rate(options, text, tokens, cancel, result);
  result.undisturbed_rate = std::max(alone, result.undisturbed_rate.value_or(0));
  double rate = 0;
  std::exception_ptr failure;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    try {
      rate = reading_rate(options, text, tokens, cancel, result);
    } catch (...) {
      failure = std::current_exception();
    }
    done = true;
  });
  double first_tokens = 0;
  int questions = 0;
  ContextOptions asks = options;
  asks.method = plain_method();
  const auto pause = std::chrono::duration<double>(static_cast<double>(tokens) / alone / (kQuestions + 1));
  try {
    for (; questions < kQuestions; ++questions) {
      std::this_thread::sleep_for(pause);
      if (done) break;
      auto readers = this->readers(asks, kQuestion + kAnswer, cancel, 1);
      const auto start = Clock::now();
      readers.front().session->read(random_text(kQuestion));
      readers.front().generate(kAnswer);
      first_tokens += readers.front().times.empty() ? 0 : seconds(start, readers.front().times.front());
    }
  } catch (...) {
    cancel.cancel();
    failure = std::current_exception();
  }
  thread.join();
  if (failure) std::rethrow_exception(failure);
  if (questions == 0) fail("the text was read before a question could be asked: give a longer one");
  result.first_token_seconds.push_back(first_tokens / questions);
  result.rates.push_back(rate);
}

}  // namespace focusllm::cli

#include "data/corpus.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

namespace focusllm::data {
namespace {

/// What the rest of the program needs beside the documents, at least.
constexpr std::int64_t kMemoryReserve = std::int64_t{256} << 20;

void check_memory(const Text& text) {
  // One token for each byte at most, and the text itself stands beside its tokens meanwhile.
  const auto needed = static_cast<std::int64_t>(text.text.size() * (1 + sizeof(Token)));
  if (available_memory() < needed + kMemoryReserve)
    fail("the texts do not fit into memory: {} are free when {} ({}) is to be read; give fewer texts",
         format_bytes(available_memory()), text.name,
         format_bytes(static_cast<std::int64_t>(text.text.size())));
}

class ProgressClock {
 public:
  explicit ProgressClock(const ProgressCallback& callback) : callback_(callback) {}
  void tell(std::int64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (!callback_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    callback_({done, 0, std::chrono::duration<double>(now - start_).count()});
  }

 private:
  const ProgressCallback& callback_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), last_ = start_;
};

/// Moves one document to the other side where a side that should have some has none.
void fill_empty_side(Corpus& corpus) {
  Documents& from = corpus.validation.empty() ? corpus.training : corpus.validation;
  Documents& to = corpus.validation.empty() ? corpus.validation : corpus.training;
  if (!to.empty() || from.size() < 2) return;
  const auto by_place = [](const auto& a, const auto& b) { return place_of(a->name) < place_of(b->name); };
  const auto chosen = &to == &corpus.validation ? std::min_element(from.begin(), from.end(), by_place)
                                                : std::max_element(from.begin(), from.end(), by_place);
  to.push_back(*chosen);
  from.erase(chosen);
}

void check_not_empty(Corpus& corpus) {
  if (corpus.training.empty() && !corpus.validation.empty()) corpus.training.swap(corpus.validation);
  if (!corpus.training.empty()) return;
  const std::string why = corpus.skipped.describe();
  fail("no text to train on{}; give text files, folders, .jsonl or .tar archives of them",
       why.empty() ? ": the folders are empty" : ": left out were " + why);
}

}  // namespace

double place_of(const std::string& name) {
  const std::string hash = content_hash(std::as_bytes(std::span(name)));
  return static_cast<double>(std::stoull(hash.substr(0, 12), nullptr, 16)) / static_cast<double>(1LL << 48);
}

std::int64_t Corpus::tokens() const {
  std::int64_t sum = 0;
  for (const Documents* side : {&training, &validation})
    for (const auto& document : *side) sum += static_cast<std::int64_t>(document->tokens.size());
  return sum;
}

Corpus read_corpus(const std::vector<std::filesystem::path>& paths, const CorpusOptions& options,
                   const Tokenizer& tokenizer, const CancelToken& cancel, const ProgressCallback& progress) {
  Corpus corpus;
  ProgressClock clock(progress);
  std::int64_t tokens = 0;
  read_texts(paths, options.text, cancel, corpus.skipped, [&](const Text& text) {
    cancel.check();
    check_memory(text);
    auto document = std::make_shared<Document>(Document{text.name, tokenizer.encode(text.text)});
    const auto size = static_cast<std::int64_t>(document->tokens.size());
    if (size < kLeastDocument)
      return corpus.skipped.add("shorter than " + std::to_string(kLeastDocument) + " tokens", text.name);
    document->tokens.shrink_to_fit();
    (place_of(text.name) < options.validation ? corpus.validation : corpus.training)
        .push_back(std::move(document));
    clock.tell(tokens += size);
  });
  if (options.validation > 0) fill_empty_side(corpus);
  check_not_empty(corpus);
  return corpus;
}

}  // namespace focusllm::data

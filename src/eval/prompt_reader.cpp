#include "eval/prompt_reader.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/memory.h"
#include "eval/measurements.h"

namespace focusllm::eval {
namespace {

constexpr std::int64_t kParts = 8;          // of a prompt, each with a fork at its end
constexpr std::int64_t kLastWords = 256;    // tokens that a question takes, and what stands before the answer
constexpr std::int64_t kShareOfMemory = 4;  // this part of the free memory stays free of kept sessions
constexpr std::int64_t kTemplateTokens = 96;  // of a chat template around a text and a question
constexpr std::int64_t kAlikeInLength = 32;   // prompts of other lengths may take keys of another type

/// Ascending, all within (read, tokens).
std::vector<std::int64_t> places_to_keep(std::int64_t read, std::int64_t tokens) {
  std::vector<std::int64_t> places;
  for (std::int64_t part = 1; part < kParts; ++part) places.push_back(tokens * part / kParts);
  places.push_back(tokens - kLastWords);
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::erase_if(places, [=](std::int64_t place) { return place <= read || place >= tokens; });
  return places;
}

}  // namespace

PromptReader::PromptReader(std::shared_ptr<const Engine> engine, const CancelToken& cancel,
                           ProgressCallback progress)
    : engine_(std::move(engine)),
      cancel_(cancel),
      progress_(std::move(progress)),
      least_free_(available_memory() / kShareOfMemory) {}

void PromptReader::forget(std::span<const Token> tokens, const ContextOptions& options, Form form) {
  std::string method = identity_of(*engine_, options).dump();
  const auto alike =
      std::mismatch(last_.begin(), last_.end(), tokens.begin(), tokens.end()).first - last_.begin();
  const bool other =
      method != method_ || form != form_ || std::abs(std::ssize(tokens) - room_) > room_ / kAlikeInLength;
  while (!kept_.empty() && (other || kept_.back().tokens > alike)) kept_.pop_back();
  if (kept_.empty()) room_ = std::ssize(tokens);
  method_ = std::move(method);
  form_ = form;
  last_.assign(tokens.begin(), tokens.end());
}

Session PromptReader::begin(std::int64_t room, const ContextOptions& options) const {
  std::optional<Session> session;
  if (!kept_.empty()) session = kept_.back().session.fork();
  if (!session) {
    Session::Options fresh;
    fresh.context = options;
    fresh.raw = form_ == Form::raw;
    fresh.on_progress = progress_;
    fresh.cancel = &cancel_;
    session.emplace(engine_, std::move(fresh));
  }
  session->expect(room);
  return std::move(*session);
}

void PromptReader::keep(const Session& session, std::int64_t tokens) {
  // What the session holds may leave it, and stays with the fork.
  if (available_memory() < least_free_ + session.memory_bytes()) return;
  if (auto fork = session.fork()) kept_.push_back({tokens, std::move(*fork)});
}

Session PromptReader::read(std::span<const Token> tokens, std::int64_t answer_tokens,
                           const ContextOptions& options) {
  forget(tokens, options, Form::raw);
  std::int64_t read = kept_.empty() ? 0 : kept_.back().tokens;
  Session session = begin(std::ssize(tokens) + answer_tokens, options);
  const auto read_to = [&](std::int64_t end) {
    session.read_tokens(tokens.subspan(static_cast<std::size_t>(read), static_cast<std::size_t>(end - read)));
    read = end;
  };
  for (const std::int64_t place : places_to_keep(read, std::ssize(tokens))) {
    read_to(place);
    keep(session, place);
  }
  read_to(std::ssize(tokens));
  return session;
}

Session PromptReader::read_text(const Prompt& prompt, const ContextOptions& options) {
  if (prompt.question.empty()) fail("the task has no chat form");
  const std::span<const Token> tokens = prompt.text();
  forget(tokens, options, Form::chat);
  if (!kept_.empty() && kept_.back().tokens != std::ssize(tokens)) kept_.clear();
  const bool read = !kept_.empty();
  Session session = begin(std::ssize(prompt.tokens) + kTemplateTokens + prompt.answer_tokens, options);
  if (read) return session;
  session.read(engine_->tokenizer().decode(tokens));
  keep(session, std::ssize(tokens));
  return session;
}

}  // namespace focusllm::eval

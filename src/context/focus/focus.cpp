#include "context/focus/focus.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "context/focus/focus_method.h"
#include "context/memory_check.h"

namespace focusllm::context {
namespace {

// Chunks in which each token of an answer notes the passage: it takes time.
constexpr std::int64_t kNoted = 4;

constexpr std::int64_t kMostChunks = std::int64_t{1} << 40;

void append_to(std::vector<Token>& to, std::span<const Token> tokens) {
  to.insert(to.end(), tokens.begin(), tokens.end());
}

}  // namespace

Focus::Window::Window(const model::Model& model, attention::KvType type, std::span<const Chunk> chunks)
    : candidates(model, type, std::ssize(chunks)), local(model.spec(), type) {
  std::unordered_map<const memory::Segment*, std::size_t> known;
  std::vector<std::vector<std::int64_t>> places;
  for (const Chunk& chunk : chunks) {
    const auto [found, fresh] = known.emplace(chunk.encoded.get(), places.size());
    if (fresh) places.emplace_back();
    places[found->second].push_back(std::ssize(tail_of));
    tail_of.push_back(found->second);
  }
  for (auto& numbers : places) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(numbers.front())];
    tails.emplace_back(model.spec(), chunk.encoded, std::move(numbers));
  }
  if (!chunks.empty()) local.set_candidates(&candidates);
}

Focus::Focus(const Options& options, std::shared_ptr<const model::Model> model)
    : options_(options),
      model_(std::move(model)),
      text_({.chunk = options.chunk, .overlap = options.overlap, .local = options.local}) {
  // What stands in the text several times is encoded once, whether or not sessions share it: a store that
  // holds nothing knows the chunks that are held here.
  if (!options_.chunk_store) options_.chunk_store = std::make_shared<memory::SegmentStore>(0);
  encoder_.emplace(*model_, options_.kv_type, *options_.chunk_store);
}

void Focus::set_sink(HiddenSink sink) {
  if (sink) fail("focus: hidden states of a prompt's tokens predict nothing: use answer()");
}

void Focus::append(std::span<const Token> tokens) {
  if (window_ && (grown(std::ssize(tokens)) || positions_left() < std::ssize(tokens))) close();
  extend(tokens);
}

/// Goes on behind what is there.
void Focus::extend(std::span<const Token> tokens) {
  text_.append(tokens);
  if (!window_) return;
  append_to(window_->tokens, tokens);
  append_to(window_->tail, tokens);
}

/// Whether the window is, with so many tokens more, longer than a conversation may make it.
bool Focus::grown(std::int64_t more) const {
  return std::ssize(text_.window()) + more > options_.local + kGrowth;
}

/// Behind the window, and behind the longest chunk with its tail.
std::int64_t Focus::positions_left() const {
  if (options_.beyond_trained) return Context::room();
  const std::int64_t window = chunk_count() + std::ssize(window_->tokens);
  const std::int64_t chunk = chunks_.empty() ? 0 : longest_chunk() + std::ssize(window_->tail);
  return model().spec().trained_context - std::max(window, chunk);
}

std::int64_t Focus::longest_chunk() const {
  std::int64_t longest = 0;
  for (const Chunk& chunk : chunks_) longest = std::max(longest, chunk.tokens());
  return longest;
}

std::int64_t Focus::room() const {
  if (!window_) return Context::room();
  const std::int64_t left = positions_left();
  if (left > 0 || !grown(0)) return left;
  return model().spec().trained_context - options_.local - chunks_of(options_, tokens() + 1);  // cut anew
}

/// Hands over as many certain chunks as fill a pass. False where there are not as many.
bool Focus::take_chunks() {
  const std::int64_t count = std::max<std::int64_t>(1, model::kPassRows / options_.chunk);
  if (text_.certain() < count) return false;
  encode(text_.take(count));
  return true;
}

void Focus::encode(std::span<const TextChunk> chunks) {
  if (chunks.empty()) return;
  const std::int64_t before = chunks.front().first;
  check_memory(before, text_.in_chunks() - before);
  for (const TextChunk& chunk : chunks) {
    chunks_.push_back({chunk.first, encoder_->take(chunk.tokens)});
    if (!encoder_->encodes(*chunks_.back().encoded))
      found_ += std::ssize(chunk.tokens) - (chunk.first > 0 ? options_.overlap : 0);
  }
}

/// Chunks that are certain are encoded now, however few. Behind the text, nothing is like an earlier version
/// any more.
void Focus::end_text() {
  encode(text_.end_following());
  known_.clear();
  encode(text_.take(text_.certain()));
}

/// The text ends here for now: the last tokens are the local window, what is left before them a last chunk.
void Focus::open() {
  encode(text_.end());
  known_.clear();
  const std::span<const Token> text = text_.window();
  check_fit(options_, model().spec(), chunk_count(), std::ssize(text));
  window_.emplace(model(), window_type(options_.kv_type), chunks_);
  const std::size_t tail = std::min(text.size(), static_cast<std::size_t>(options_.tail));
  for (auto* tokens : {&window_->tokens, &window_->tail}) {
    const auto part = text.last(tokens == &window_->tail ? tail : text.size());
    // A text that fits the window begins with its own BOS.
    if (options_.bos && chunk_count() > 0 && part.front() != *options_.bos) tokens->push_back(*options_.bos);
    append_to(*tokens, part);
  }
}

/// Goes back to reading: the last short chunk is cut anew with what follows it.
void Focus::close() {
  window_.reset();
  waiting_.clear();
  prompt_ended_ = false;
  if (text_.go_on()) chunks_.pop_back();
}

void Focus::end_prompt() {
  if (tokens() == 0) fail("nothing to continue: the text is empty");
  if (window_ && window_done()) return;
  prompt_ended_ = true;
  if (window_) begin_prompt();
}

/// The window is to be worked through: all candidates see all of it first.
void Focus::begin_prompt() {
  use_ = Use::read;
  std::vector<std::int64_t> all(chunks_.size());
  std::iota(all.begin(), all.end(), 0);
  window_->candidates.forget_attention();
  for (ChunkTail& tail : window_->tails) tail.forget_attention();
  if (citing_) note_passages(all);
  renew(all);
}

void Focus::answer(Token token) {
  if (!window_ || !window_done() || positions_left() < 1) {
    append({&token, 1});
    return end_prompt();
  }
  extend({&token, 1});
  prompt_ended_ = true;
  use_ = Use::answer;
  if (++steps_ < options_.refresh) return;
  if (citing_) note_passages(window_->candidates.hardest(kNoted));
  renew(window_->candidates.hardest(options_.renew));  // those that the answer looked at hardest so far
}

/// The chunks' rows up to the newest token are to go through the layers, in front of the local window's.
void Focus::renew(std::span<const std::int64_t> chunks) {
  steps_ = 0;
  if (options_.exact && !chunks_.empty()) {
    window_->local.clear();
    window_->done = 0;
  }
  std::vector<std::size_t> wanted;
  for (const std::int64_t chunk : chunks) wanted.push_back(window_->tail_of[static_cast<std::size_t>(chunk)]);
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const std::size_t index : wanted) waiting_.push_back(&window_->tails[index]);
}

/// From now on it is noted where in these chunks, and no others, their candidates look.
void Focus::note_passages(std::span<const std::int64_t> chunks) {
  for (ChunkTail& tail : window_->tails) tail.note_attention(false);
  for (const std::int64_t chunk : chunks)
    window_->tails[window_->tail_of[static_cast<std::size_t>(chunk)]].note_attention(true);
}

bool Focus::plan(model::Pass& pass, std::int64_t most_rows) {
  planned_ = {};
  for (;;) {
    if (encoder_->plan(pass, most_rows)) return true;
    if (window_) break;
    if (take_chunks()) continue;
    if (!prompt_ended_) return false;
    open();
    begin_prompt();
  }
  if (!prompt_ended_) return false;
  check_memory(tokens(), most_rows);
  const std::int64_t before = pass.rows();
  plan_tails(pass, most_rows);
  const std::int64_t tails = pass.rows() - before;
  const std::int64_t rows = std::ssize(window_->tokens) - window_->done;
  if (waiting_.empty() && (tails == 0 || tails + rows <= most_rows)) plan_window(pass, most_rows);
  return true;
}

/// As many tails as fit, the last of them possibly in part.
void Focus::plan_tails(model::Pass& pass, std::int64_t most_rows) {
  const std::int64_t before = pass.rows();
  while (!waiting_.empty()) {
    ChunkTail& tail = *waiting_.front();
    if (!adopt(tail)) {
      const auto rows = std::span<const Token>(window_->tail).subspan(static_cast<std::size_t>(tail.rows()));
      const std::int64_t count = std::min(std::ssize(rows), most_rows - (pass.rows() - before));
      if (count <= 0) return;
      const bool ends = count == std::ssize(rows);
      tail.prepare(window_->candidates, count, ends, kTailPage);
      const std::size_t entry = pass.add(tail, rows.first(static_cast<std::size_t>(count)),
                                         tail.chunk_tokens() + tail.rows(), use_, model::Want::nothing, ends);
      planned_.tails.emplace_back(&tail, entry);
      if (!ends) return;
    }
    waiting_.pop_front();
  }
}

/// Whether another session has put the same behind the same chunk. Where it looked is not known, so one that
/// wants to cite computes its own.
bool Focus::adopt(ChunkTail& tail) {
  if (!options_.tail_store || citing_ || tail.has_tail()) return false;
  TailKey key{tail.chunk()->key(), model().number(), window_->tail};
  const auto known = options_.tail_store->find(key);
  if (known)
    tail.adopt(*known, window_->candidates);
  else
    tail.keep_candidate(std::move(key));
  return known != nullptr;
}

/// The window's rows that are not computed yet: where they fit, together with the last tails.
void Focus::plan_window(model::Pass& pass, std::int64_t most_rows) {
  Window& window = *window_;
  planned_.rows = std::min(std::ssize(window.tokens) - window.done, most_rows);
  const auto tokens =
      std::span<const Token>(window.tokens)
          .subspan(static_cast<std::size_t>(window.done), static_cast<std::size_t>(planned_.rows));
  const bool ends = window.done + planned_.rows == std::ssize(window.tokens);
  window.local.note_attention(ends && (citing_ || options_.renew < chunk_count()));
  planned_.entry = pass.add(window.local, tokens, chunk_count() + window.done, use_, model::Want::last);
}

void Focus::took(const model::Pass& pass) {
  encoder_->took(pass);
  settle_tails(pass);
  if (planned_.rows == 0) return;
  pass.check(planned_.entry);
  window_->done += planned_.rows;
  const auto hidden = pass.hidden(planned_.entry);
  last_hidden_.assign(hidden.begin(), hidden.end());
  if (window_done()) prompt_ended_ = false;
}

void Focus::settle_tails(const model::Pass& pass) {
  for (const auto& [chunk, entry] : planned_.tails) {
    pass.check(entry);
    chunk->settle();
    if (const auto tail = chunk->encoded()) options_.tail_store->insert(tail);
  }
}

std::int64_t Focus::done() const {
  // A token of a chunk is done in two parts: when it is encoded, and when the tail stands behind its chunk.
  const double share =
      static_cast<double>(options_.chunk) / static_cast<double>(options_.chunk + options_.tail);
  const std::int64_t in_chunks = text_.in_chunks();
  const std::int64_t encoded = std::max<std::int64_t>(0, in_chunks - encoder_->pending_tokens());
  if (!window_ || encoded < in_chunks) return std::llround(share * static_cast<double>(encoded));
  std::int64_t all = 0, tailed = 0;
  for (const ChunkTail& tail : window_->tails) {
    all += tail.chunk_tokens() * tail.places();
    tailed += tail.has_tail() ? tail.chunk_tokens() * tail.places() : 0;
  }
  const double tails = all > 0 ? static_cast<double>(tailed) / static_cast<double>(all) : 0;
  return std::llround((share + (1 - share) * tails) * static_cast<double>(in_chunks)) +
         std::min(window_->done, std::ssize(text_.window()));
}

std::int64_t Focus::memory_bytes() const {
  std::int64_t bytes = 0;
  std::unordered_set<const memory::Segment*> counted;
  for (const Chunk& chunk : chunks_) {
    if (counted.insert(chunk.encoded.get()).second) bytes += chunk.encoded->bytes();
  }
  if (!window_) return bytes;
  for (const ChunkTail& tail : window_->tails) bytes += tail.bytes();
  return bytes + window_->local.bytes() + window_->candidates.bytes();
}

void Focus::save(memory::Saver& saver) const {
  if (window_ || prompt_ended_) fail(kAsked);
  text_.save(saver);
  saver.number(std::ssize(known_));
  for (const auto& chunk : known_) encoder_->save(chunk, saver);
  saver.number(chunk_count());
  for (const Chunk& chunk : chunks_) {
    saver.number(chunk.first);
    encoder_->save(chunk.encoded, saver);
  }
}

void Focus::load(memory::Loader& loader) {
  text_.load(loader);
  known_.clear();
  for (std::int64_t left = loader.number(0, kMostChunks); left > 0; --left)
    known_.push_back(encoder_->load(loader));
  follow_known();
  chunks_.clear();
  for (std::int64_t left = loader.number(0, text_.tokens()); left > 0; --left) {
    const std::int64_t first = loader.number(0, text_.tokens());
    chunks_.push_back({first, encoder_->load(loader)});
  }
}

bool Focus::follow(const Context& earlier) {
  const auto* other = dynamic_cast<const Focus*>(&earlier);
  if (other == nullptr || other->window_ || tokens() > 0) return false;
  known_ = other->known_;
  for (const Chunk& chunk : other->chunks_) known_.push_back(chunk.encoded);
  for (const auto& chunk : known_) encoder_->learn(chunk);
  follow_known();
  return true;
}

void Focus::follow_known() {
  std::vector<std::vector<Token>> tokens;
  for (const auto& chunk : known_) tokens.push_back(chunk->key()->tokens);
  text_.follow(std::move(tokens));
}

void Focus::start_citing() {
  citing_ = true;
}

std::vector<Attended> Focus::attended() const {
  if (!window_) return {};
  const auto& received = window_->candidates.received();
  std::vector<Attended> found;
  for (const std::size_t i : by_focus(received)) {
    const Passage place = window_->tails[window_->tail_of[i]].hardest();
    found.push_back({chunks_[i].first + place.first, place.tokens, received[i].mass});
  }
  return found;
}

}  // namespace focusllm::context

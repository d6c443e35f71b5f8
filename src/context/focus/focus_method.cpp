#include "context/focus/focus_method.h"

#include <algorithm>

#include "base/ceil_div.h"
#include "base/error.h"
#include "context/focus/focus.h"
#include "context/focus/reread.h"
#include "memory/kv_rows.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kLargerChunk = 2048;
constexpr std::int64_t kUsualOverlap = 32;  // what says one thing in few words stands whole in a chunk
constexpr std::int64_t kMostPassages = 64;
constexpr std::int64_t kPassageTokens = 128;  // at most (ChunkTail::hardest)
constexpr std::int64_t kUnbounded = std::int64_t{1} << 40;

std::int64_t longest_tail(const Options& options, const model::Spec& /*spec*/) {
  return std::min<std::int64_t>({512, options.chunk, options.local});
}
std::int64_t unbounded(const Options& /*options*/, const model::Spec& /*spec*/) {
  return kUnbounded;
}

constexpr const Setting* kFocusLate[] = {&kTail, &kRefresh, &kRenew, &kExact};
constexpr Taken kFocusSettings[] = {
    {&kLocal, "128, at most a quarter of the trained context",
     [](const Options&, const model::Spec& spec) {
       return std::min<std::int64_t>(spec.trained_context / 4, 128);
     },
     one, trained_context},
    {&kChunk, "1024, at most a quarter of the trained context",
     [](const Options&, const model::Spec& spec) {
       return std::min<std::int64_t>(spec.trained_context / 4, 1024);
     },
     one, trained_context},
    {&kTail, "the smallest of 512, chunk and local window", longest_tail, one,
     [](const Options& options, const model::Spec& spec) {
       return std::min<std::int64_t>(longest_tail(options, spec), spec.trained_context - options.chunk);
     }},
    {&kOverlap, "32, at most an eighth of the chunk",
     [](const Options& options, const model::Spec&) { return std::min(kUsualOverlap, options.chunk / 8); },
     none, [](const Options& options, const model::Spec&) { return options.chunk - 1; }},
    {&kRefresh, "1", one, one, unbounded},
    {&kRenew, "32", [](const Options&, const model::Spec&) -> std::int64_t { return 32; }, one, unbounded},
    {&kExact},
    {&kReread, "0", none, none, [](const Options&, const model::Spec&) { return kMostPassages; }},
    {&kBeyondTrained}};

std::int64_t passage_tokens(const Options& options) {
  return options.reread * kPassageTokens;
}

std::int64_t focus_memory(const Options& options, const model::Spec& spec, std::int64_t tokens) {
  const std::int64_t memory = std::max<std::int64_t>(0, tokens - options.local);
  const std::int64_t chunks = chunks_of(options, tokens);
  // An answer grows behind the window, and behind the chunks that its tokens renew: mostly the same ones.
  const std::int64_t growth = options.answer_tokens > 0 ? options.answer_tokens : kGrowth;
  const std::int64_t renewed = std::min(chunks, options.renew);
  const auto tail_rows = [](std::int64_t tail) { return (tail / kTailPage + 1) * kTailPage; };
  const std::int64_t rows = memory + chunks * options.overlap + renewed * tail_rows(options.tail + growth) +
                            (chunks - renewed) * tail_rows(options.tail);
  const std::int64_t local = std::min(tokens, options.local) + std::max(growth, kGrowth);
  const std::int64_t window = chunks + (local / LocalWindow::kPage + 1) * LocalWindow::kPage;
  const std::int64_t bytes = 2 * spec.layers *
                             (rows * memory::row_bytes(spec.heads, options.kv_type) +
                              window * memory::row_bytes(spec.heads, window_type(options.kv_type)));
  if (options.reread == 0) return bytes;
  return bytes + layers_bytes(spec, options.kv_type, std::min(tokens, passage_tokens(options) + local));
}

Reading focus_reading(const Options& options, const model::Spec& spec, int layer, std::int64_t tokens) {
  const std::int64_t most = most_keys(spec, layer, kAllKeys);
  const std::int64_t local = std::min(tokens, options.local);
  const auto chunks = static_cast<double>(chunks_of(options, tokens));
  const double repeated = std::max(0.0, chunks - 1) * static_cast<double>(options.overlap);
  return {static_cast<double>(tokens) + repeated + chunks * static_cast<double>(options.tail),
          chunks * causal_pairs(options.chunk + options.tail, most) + causal_pairs(local, most) +
              chunks * static_cast<double>(local)};
}

/// Renewed chunks bring two rows each, an ordinary one and the candidate.
Answering focus_answer(const Options& options, const model::Spec& spec, int layer, std::int64_t depth) {
  if (options.reread > 0)
    return causal_answering(spec, layer, std::min(depth, passage_tokens(options) + options.local), kAllKeys);
  const std::int64_t chunks = chunks_of(options, depth);
  const auto renewed = static_cast<double>(std::min(chunks, options.renew));
  const std::int64_t own = std::min(depth, options.local) + chunks;
  return {.keys = static_cast<double>(std::min(own, most_keys(spec, layer, kAllKeys))) +
                  renewed * static_cast<double>(options.chunk + options.tail),
          .rows = 2 * renewed / static_cast<double>(options.refresh)};
}

std::unique_ptr<Context> make_focus(const Options& options, std::shared_ptr<const model::Model> model) {
  if (options.reread > 0) return make_one<Reread>(options, std::move(model));
  return make_one<Focus>(options, std::move(model));
}

/// Each chunk has a tail in memory, so fewer chunks take less.
bool take_larger_chunks(Options& options, const model::Spec& spec) {
  if (options.chunk != 0 || spec.trained_context < 2 * kLargerChunk) return false;
  options.chunk = kLargerChunk;
  return true;
}

}  // namespace

const Method kFocus = {
    .traits = {.name = "focus",
               .sees = "one candidate of each chunk of the text, by a trained adapter, and a local window",
               .keeps = "all keys and values, and the tail behind each chunk",
               .suits = "texts of any length, with an adapter for the model",
               .linear = true,
               .recalls = true,
               .needs_adapter = true,
               .sees_ahead = true,
               .cites = true,
               .revises = true},
    .settings = kFocusSettings,
    .make = make_focus,
    .bytes_needed = focus_memory,
    .reading = focus_reading,
    .answering = focus_answer,
    .late = kFocusLate,
    .check_positions =
        [](const Options& options, const model::Spec& spec, std::int64_t tokens) {
          check_fit(options, spec, chunks_of(options, tokens), std::min(tokens, options.local));
        },
    .shrink = take_larger_chunks,
    .memory_advice = [](const Options& options) -> std::string_view {
      return options.chunk != 0 ? "use a larger `chunk`, or none, which chooses one; or give a shorter text"
                                : "";
    }};

std::int64_t chunks_of(const Options& options, std::int64_t tokens) {
  const std::int64_t memory = tokens - options.local;
  if (memory <= 0) return 0;
  return std::max<std::int64_t>(1, ceil_div(memory - options.overlap, options.chunk - options.overlap));
}

attention::KvType window_type(attention::KvType type) {
  return type == attention::KvType::int8 ? attention::KvType::bf16 : type;
}

void check_fit(const Options& options, const model::Spec& spec, std::int64_t chunks, std::int64_t window) {
  if (options.beyond_trained || chunks + window + 1 <= spec.trained_context) return;
  throw Error(fmt::format("{} chunks of {} tokens and a local window of {}: the model was trained for {} "
                          "positions in all: use a larger `chunk`, or `beyond_trained` to go on all the same",
                          chunks, options.chunk, window, spec.trained_context),
              "chunk");
}

}  // namespace focusllm::context

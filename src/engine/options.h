#pragma once

#include <memory>
#include <string>

#include "base/memory.h"
#include "context/method.h"
#include "focusllm/session.h"

namespace focusllm {

/// Room that `auto` leaves in the trained context for a question and its answer.
inline constexpr std::int64_t kAnswerRoom = 512;

/// The room that is left for an answer: as many tokens as it may have, or, where that is not known (0) or
/// stands for no limit, a usual answer's.
std::int64_t answer_room(const Engine& engine, std::int64_t most_tokens);
/// The context layer's options for a method that is decided.
context::Options resolve(const ContextOptions& options, attention::KvType kv_type,
                         std::int64_t answer_tokens = kAnswerRoom);
/// What `tokens` tokens fit `free` bytes of memory with: keys and values as bf16, else as int8, else (focus)
/// in chunks of 2048 as well; what was asked for stays. Throws Error with the numbers if nothing fits;
/// `promised` bytes are free and promised to other sessions, which it says. `answer_tokens`: as answer_room.
context::Options fit_memory(const Engine& engine, const ContextOptions& options, std::int64_t tokens,
                            std::int64_t free = available_memory(), std::int64_t promised = 0,
                            std::int64_t answer_tokens = 0);
/// The same beside the engine's other sessions.
context::Options fit_beside_others(const Engine& engine, const ContextOptions& options, std::int64_t tokens,
                                   std::int64_t answer_tokens = 0);
/// Fills in the heads of a method that needs to know some, which may take a measurement of the model. False
/// where the model has none that are of use.
bool find_heads(const Engine& engine, ContextOptions& options, const CancelToken& cancel,
                const ProgressCallback& progress = {});
/// Throws the Error that says so.
[[noreturn]] void throw_without_heads();
std::unique_ptr<context::Context> make_context(const Engine& engine, const context::Options& options);

}  // namespace focusllm

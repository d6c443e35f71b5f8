#pragma once

#include <memory>
#include <string>

#include "context/method.h"
#include "engine/engine.h"

namespace focusllm {

/// Room that `auto` leaves in the trained context for a question and its answer.
inline constexpr std::int64_t kAnswerRoom = 512;

/// The method for texts of any length: `focus` where there is an adapter for the model, else `infllm`.
std::string long_method(const Engine& engine);
/// `full` while the text and an answer fit the trained context, else long_method().
std::string automatic_method(const Engine& engine, std::int64_t tokens);
/// The context layer's options for a method that is decided.
context::Options resolve(const ContextOptions& options, attention::KvType kv_type);
/// bf16 if `tokens` tokens fit the memory that is free, else int8; throws Error with the numbers if that does
/// not fit either, or if the type that was asked for does not.
attention::KvType choose_kv_type(const Engine& engine, const ContextOptions& options, std::int64_t tokens);
std::unique_ptr<context::Context> make_context(const Engine& engine, const context::Options& options,
                                               const CancelToken& cancel);

}  // namespace focusllm

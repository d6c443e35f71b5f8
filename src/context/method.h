#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "context/context.h"

namespace focusllm::context {

/// The names of all methods, for messages and `--help`.
std::span<const std::string_view> method_names();
/// Throws UsageError for an unknown method or sizes that make no sense.
Options with_defaults(Options options, const model::Spec& spec);
/// Bytes of keys and values (and what else grows with the text) for `tokens` tokens.
std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);
/// Throws Error when a text of so many tokens (an estimate will do) takes more positions than the model was
/// trained for, where the method has a limit (full, focus) and Options::beyond_trained does not lift it.
void check_positions(const Options& options, const model::Spec& spec, std::int64_t tokens);
/// Throws Error when what `tokens` tokens put into a file will not fit its disk.
void check_disk(const Options& options, const model::Spec& spec, std::int64_t tokens);
/// Sizes that are 0 become the method's defaults.
std::unique_ptr<Context> make(const Options& options, std::shared_ptr<const model::Model> model);

}  // namespace focusllm::context

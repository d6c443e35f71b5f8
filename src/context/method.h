#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "context/context.h"

namespace focusllm::context {

/// What a method is to those who choose one.
struct Traits {
  std::string_view name;
  bool plain = false;          ///< the model itself: everything is seen, at its true position
  bool recalls = false;        ///< all of a text of any length can be seen again, at a cost linear in it
  bool needs_adapter = false;  ///< without the candidates' weights it answers at random
  bool sees_ahead = false;     ///< as Context::sees_ahead
  bool has_file = false;       ///< can keep a part of its memory in a file (Settings::block_cache)
};
/// Of all methods.
std::span<const Traits> methods();
/// Throws UsageError for a name that is no method's.
const Traits& traits_of(std::string_view method);
/// Options that were not given become those that take less memory; false where there are none.
bool shrink(Options& options, const model::Spec& spec);
/// What to do where memory does not suffice, even for int8.
std::string_view memory_advice(const Options& options);
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

#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "context/context.h"
#include "context/cost.h"
#include "context/setting.h"

namespace focusllm::context {

/// A setting as one method takes it.
struct Taken {
  using Size = std::int64_t (*)(const Options& options, const model::Spec& spec);
  const Setting* setting;
  std::string_view usual = {};  ///< the method's default, in words
  // Of sizes that are checked; settings before this one are filled.
  Size fallback = nullptr;  ///< what 0 becomes
  Size least = nullptr, most = nullptr;
};

/// All about a method; its own file defines it, and the table is in method.cpp.
/// The functions get options that are filled, where a size that was given as none is 0.
struct Method {
  MethodTraits traits;
  std::span<const Taken> settings;
  std::unique_ptr<Context> (*make)(const Options&, std::shared_ptr<const model::Model>);
  std::int64_t (*bytes_needed)(const Options&, const model::Spec&, std::int64_t tokens);
  Reading (*reading)(const Options&, const model::Spec&, int layer, std::int64_t tokens);
  Answering (*answering)(const Options&, const model::Spec&, int layer, std::int64_t depth);

  /// Of the settings, those that matter to answers alone: a text that was read is asked with others.
  std::span<const Setting* const> late = {};
  // Null where there is nothing to say.
  void (*complete)(Options&) = nullptr;  ///< settings that are no sizes: default values, and checks
  void (*check_positions)(const Options&, const model::Spec&, std::int64_t tokens) = nullptr;
  std::int64_t (*disk_needed)(const Options&, const model::Spec&, std::int64_t tokens) = nullptr;
  /// Of a text that is saved, where that is not what a session takes.
  std::int64_t (*saved)(const Options&, const model::Spec&, std::int64_t tokens) = nullptr;
  bool (*shrink)(Options&, const model::Spec&) = nullptr;
  std::string_view (*memory_advice)(const Options&) = nullptr;
};

/// All methods.
std::span<const Method* const> all_methods();
/// Throws UsageError for a name that is no method's.
const Method& method_named(std::string_view name);

/// Sizes that are 0 become the method's own for the model; others are checked. What was filled stays as it is
/// when it is filled again. Throws UsageError for an unknown method or sizes that make no sense.
Options with_defaults(Options options, const model::Spec& spec);
/// The same as the methods' own functions get them: a size that was given as none is 0.
Options settled(const Options& options, const model::Spec& spec);
/// Options that were not given become those that take less memory; false where there are none.
bool shrink(Options& options, const model::Spec& spec);
/// What to do where memory does not suffice, even for int8.
std::string_view memory_advice(const Options& options);
/// Bytes of keys and values (and what else grows with the text) for `tokens` tokens.
std::int64_t bytes_needed(const Options& options, const model::Spec& spec, std::int64_t tokens);
/// Bytes that a session behind a text of so many tokens saves.
std::int64_t bytes_saved(const Options& options, const model::Spec& spec, std::int64_t tokens);
/// What any implementation has to do in a layer to read the first `tokens` tokens, and for a token of an
/// answer behind `depth` tokens.
Reading reading(const Options& options, const model::Spec& spec, int layer, std::int64_t tokens);
Answering answering(const Options& options, const model::Spec& spec, int layer, std::int64_t depth);
/// Throws Error when a text of so many tokens (an estimate will do) takes more positions than the model was
/// trained for, where the method has a limit and Settings::beyond_trained does not lift it.
void check_positions(const Options& options, const model::Spec& spec, std::int64_t tokens);
/// Throws Error when what `tokens` tokens put into a file will not fit its disk.
void check_disk(const Options& options, const model::Spec& spec, std::int64_t tokens);
std::unique_ptr<Context> make(const Options& options, std::shared_ptr<const model::Model> model);

/// For a method's table: what makes one of a class.
template <typename Kind>
std::unique_ptr<Context> make_one(const Options& options, std::shared_ptr<const model::Model> model) {
  return std::make_unique<Kind>(options, std::move(model));
}
// And bounds of sizes.
std::int64_t none(const Options& options, const model::Spec& spec);  ///< 0
std::int64_t one(const Options& options, const model::Spec& spec);
std::int64_t trained_context(const Options& options, const model::Spec& spec);
std::int64_t local_window(const Options& options, const model::Spec& spec);
/// `kTokens` first tokens, no more than the local window has.
template <std::int64_t kTokens>
std::int64_t at_most_local(const Options& options, const model::Spec& /*spec*/) {
  return std::min(kTokens, options.local);
}
// And need and cost where every token sees all before it, and keeps them.
std::int64_t bytes_of_all(const Options& options, const model::Spec& spec, std::int64_t tokens);
Reading read_all(const Options& options, const model::Spec& spec, int layer, std::int64_t tokens);
Answering answer_all(const Options& options, const model::Spec& spec, int layer, std::int64_t depth);

}  // namespace focusllm::context

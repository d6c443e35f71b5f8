#pragma once

#include <string>

#include "context/method.h"
#include "engine/options.h"
#include "memory/saver.h"

namespace focusllm {

/// A decided method's settings in words: "local 1024, initial 64, ...".
std::string settings_in_words(const context::Options& options);

/// The settings, and the number type of keys and values.
void save_settings(const context::Options& options, memory::Saver& saver);
/// What save_settings() put for `method`, and of `given` what matters to answers alone. Throws UsageError
/// where another setting was given than the text was read with.
ContextOptions load_settings(const std::string& method, const ContextOptions& given, memory::Loader& loader);

/// How text becomes tokens: raw or special, the chat template and the system message.
void save_template(const Session::Options& options, memory::Saver& saver);
/// Puts what save_template() put in the place of what was not given. Throws UsageError where something else
/// was given.
void load_template(Session::Options& options, memory::Loader& loader);

// What a text was read with against what it is gone on with: throw Error or UsageError saying what differs.
void check_saved_method(std::string_view saved, std::string_view given);
void check_saved_encoder(std::string_view saved, std::string_view present);
/// Throws Error where memory has become too little for the settings that were chosen.
void check_saved_sizes(const ContextOptions& chosen, const context::Options& sizes);

}  // namespace focusllm

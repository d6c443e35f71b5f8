#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "focusllm/store.h"
#include "support/folder.h"
#include "support/tiny_engine.h"

namespace focusllm::test {

/// All files in a folder and those in it.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

/// An engine whose model reads words(), in which every second letter is a digit.
const TinyEngine& tiny();
/// Text of `count` tokens.
std::string words(std::int64_t count, unsigned seed);
/// What goes with tiny(): raw, with small sizes, saved after every piece where `save_seconds` is 0.
ReadOptions read_options(const std::string& method, double save_seconds = 60);

/// Two answers, token by token.
std::vector<Token> answers(Session&& session);

/// A session's state with no text behind it.
SavedSession saved_session(const std::string& method, std::int64_t tokens, unsigned seed);
StoredText named(const std::string& name);

}  // namespace focusllm::test

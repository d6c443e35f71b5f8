#pragma once

#include <memory>

#include "focusllm/engine.h"
#include "support/tiny_model.h"

namespace focusllm::test {

/// Sizes of a random model whose texts have a token for each character.
TinySizes chat_sizes(int context);

/// An engine of a random model that chats: the chatml template, a token for each printable character and each
/// other byte. Its greedy answers are printable characters, and do not end by themselves.
std::shared_ptr<const Engine> tiny_chat_engine(int context = 1024, int threads = 0);
/// The same model as a file.
void write_tiny_chat(const std::filesystem::path& path, int context = 1024);

}  // namespace focusllm::test

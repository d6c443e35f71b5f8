#pragma once

#include <string>
#include <string_view>

namespace focusllm {

/// GPT-2's printable stand-in for each byte, by which byte-level vocabularies are written.
/// The text of one byte's character.
std::string byte_level_character(unsigned char byte);
/// The bytes that `text` stands for; characters that stand for none are kept as they are.
std::string byte_level_decode(std::string_view text);

}  // namespace focusllm

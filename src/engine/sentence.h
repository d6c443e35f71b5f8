#pragma once

#include <string_view>

namespace focusllm {

/// Whether a text ends where a sentence or a line does, whatever spaces, quotes and brackets stand behind it.
/// A full stop behind a short word with a capital is an abbreviation's or an initial's (Mr., St., J.). A
/// single line break behind a letter or a comma is taken for one within a sentence, as in texts of fixed
/// width. text: UTF-8, the last few words are enough; its first character may be cut.
bool ends_sentence(std::string_view text);

}  // namespace focusllm

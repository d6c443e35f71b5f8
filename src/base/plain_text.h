#pragma once

#include <string_view>

namespace focusllm {

/// Throws Error, which calls the text `name`, with the place of the first byte that is not valid UTF-8 and
/// what to do.
void check_utf8(std::string_view text, std::string_view name);
/// Throws Error likewise for bytes that are no text: not UTF-8, or UTF-16, which can be both.
void check_text(std::string_view bytes, std::string_view name);
/// Whether there is nothing but white space in a text.
bool is_blank(std::string_view text);
/// The text behind its byte order mark, if it has one.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace focusllm

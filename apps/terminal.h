#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace focusllm::cli {

/// Nobody reads standard output any more (`focusllm ... | head`): not an error, the program ends quietly.
class ClosedPipe : public std::exception {};

/// Writes to standard output at once. Throws ClosedPipe, or Error when it cannot be written (full disk).
void out(std::string_view text);
/// Writes to standard error; a failure there has nowhere to be told and is ignored.
void err(std::string_view text);
/// One line "focusllm: TEXT" on standard error; line ends in the text become spaces, control characters
/// escapes.
void err_line(std::string_view text);

/// Standard descriptors that were closed at the start are taken, so that no file that is opened later is
/// written to in their place: standard input is then empty, and writing to standard output an error.
void take_closed_descriptors();
/// Writes a line over the one before on the terminal on standard error, cut to the terminal's width: a longer
/// one would go on in the next line, and each report would leave one behind. An empty one clears.
void show_line(std::string_view text);

bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

}  // namespace focusllm::cli

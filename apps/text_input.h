#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace focusllm::cli {

/// A text to read, with the name to call it by in messages.
struct Document {
  std::string name;
  std::string text;
};

/// All bytes of a file, or of standard input for "-". Throws Error naming the file (missing, directory,
/// unreadable).
Document read_bytes(const std::filesystem::path& path);
/// The same as text: valid UTF-8 without byte order mark; may be empty. Throws Error naming file and place.
/// All text that is to be read comes through here (`tokenize` looks at bytes as they are).
Document read_text(const std::filesystem::path& path);
/// The files as texts, none of them empty. Throws UsageError for standard input given twice.
std::vector<Document> read_documents(const std::vector<std::string>& paths);
/// "3 texts, 1.2 MiB: a.txt, b.txt, standard input"; names the first few.
std::string describe(const std::vector<Document>& documents);
/// Throws UsageError if there are files, or other text (`kept`), none of them "-", and text waits on standard
/// input: it would be left out without a word.
void refuse_unread_input(const std::vector<std::string>& paths, bool kept = false);

}  // namespace focusllm::cli

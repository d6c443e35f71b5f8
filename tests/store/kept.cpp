#include "kept.h"

namespace focusllm::test {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files;
}

const TinyEngine& tiny() {
  static const TinyEngine one(2);
  return one;
}

std::string words(std::int64_t count, unsigned seed) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) {
    seed = seed * 1664525U + 1013904223U;
    text += 't';
    text += static_cast<char>('3' + (seed >> 16) % 7);
  }
  return text;
}

ReadOptions read_options(const std::string& method, double save_seconds) {
  ReadOptions options;
  options.save_seconds = save_seconds;
  options.session.raw = true;
  ContextOptions& context = options.session.context;
  context.method = method;
  context.beyond_trained = true;
  if (method != "full" && method != "dca") context.local = 32;
  if (method == "infllm") context.block = 8;
  if (method == "focus") context.chunk = 24;
  context.heads = "0.1,1.2";
  return options;
}

std::vector<Token> answers(Session&& session) {
  AskOptions ask;
  ask.max_tokens = 6;
  std::vector<Token> all;
  for (const char* question : {"t3t4t5", "t8t8t9t3"})
    for (const GeneratedToken& token : session.ask(question, ask).tokens) all.push_back(token.id);
  return all;
}

SavedSession saved_session(const std::string& method, std::int64_t tokens, unsigned seed) {
  Session session(tiny().engine, read_options(method).session);
  session.read(words(tokens, seed));
  session.end_text();
  return session.save();
}

StoredText named(const std::string& name) {
  StoredText text;
  text.name = name;
  text.complete = true;
  return text;
}

}  // namespace focusllm::test

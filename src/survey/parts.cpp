#include <algorithm>

#include "base/error.h"
#include "base/plain_text.h"
#include "focusllm/survey.h"
#include "survey/borders.h"

namespace focusllm {
namespace {

/// The parts of one source.
std::vector<TextPart> cut(const Tokenizer& tokenizer, std::size_t source, std::string_view text,
                          std::int64_t most) {
  const std::vector<Border> borders = borders_of(tokenizer, text, most);
  std::vector<TextPart> parts;
  std::size_t begin = 0;
  std::int64_t line = 1;
  for (const std::size_t border : choose_borders(borders, most)) {
    const std::string_view part = text.substr(begin, borders[border].byte - begin);
    if (!is_blank(part))
      parts.push_back({source, static_cast<std::int64_t>(begin), std::ssize(part), line,
                       std::ssize(tokenizer.encode_continued(part))});
    line += std::ranges::count(part, '\n');
    begin = borders[border].byte;
  }
  return parts;
}

}  // namespace

std::vector<TextPart> cut_parts(const Tokenizer& tokenizer, const std::vector<SourceText>& sources,
                                std::int64_t tokens) {
  if (tokens < 1) throw UsageError(fmt::format("`part` {}: a part has at least one token", tokens), "part");
  std::vector<TextPart> parts;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::vector<TextPart> more = cut(tokenizer, i, sources[i].text, tokens);
    parts.insert(parts.end(), more.begin(), more.end());
  }
  return parts;
}

}  // namespace focusllm

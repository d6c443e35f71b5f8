#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "focusllm/survey.h"

namespace focusllm {
namespace {

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::int64_t lines_in(std::string_view text) {
  return std::ranges::count(text, '\n');
}

/// A place near `bytes`, not 0, behind a word, or else where a character begins.
std::size_t cut_near(std::string_view text, std::size_t bytes) {
  if (bytes >= text.size()) return text.size();
  const std::size_t space = text.find_last_of(" \t", bytes - 1);
  if (space != std::string_view::npos && space + 1 > bytes / 2) return space + 1;
  while (bytes > 1 && !begins_character(text[bytes])) --bytes;
  if (begins_character(text[bytes])) return bytes;
  const auto next = std::find_if(text.begin() + 1, text.end(), begins_character);
  return static_cast<std::size_t>(next - text.begin());
}

/// The parts of one source.
class Cutter {
 public:
  Cutter(const Tokenizer& tokenizer, std::size_t source, std::string_view text, std::int64_t most)
      : tokenizer_(tokenizer), source_(source), text_(text), most_(most) {}

  std::vector<TextPart> cut() {
    while (place_ < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', place_), text_.size() - 1) + 1;
      add_line(text_.substr(place_, end - place_));
    }
    end_part(text_.size());
    return std::move(parts_);
  }

 private:
  void add_line(std::string_view line) {
    const std::int64_t tokens = count(line);
    if (tokens > most_) return cut_line(line, tokens);
    if (tokens_ + tokens > most_) end_part(behind_blank_ > 0 ? behind_blank_ : place_);
    tokens_ += tokens;
    place_ += line.size();
    // Of a part that is half full, a paragraph's end is a good place to stop at.
    if (is_blank(line) && tokens_ > most_ / 2) behind_blank_ = place_;
  }

  /// A line that is a part or more by itself.
  void cut_line(std::string_view line, std::int64_t tokens) {
    end_part(place_);
    const std::int64_t pieces = (tokens + most_ - 1) / most_;
    const std::size_t bytes = std::max<std::size_t>(1, line.size() / static_cast<std::size_t>(pieces));
    const std::string_view piece = line.substr(0, cut_near(line, bytes));
    place_ += piece.size();
    tokens_ = count(piece);
    end_part(place_);
  }

  void end_part(std::size_t end) {
    if (end > begin_) {
      const std::string_view part = text_.substr(begin_, end - begin_);
      const bool whole = end == place_;
      if (!is_blank(part))
        parts_.push_back({source_, static_cast<std::int64_t>(begin_), std::ssize(part), line_,
                          whole ? tokens_ : count(part)});
      line_ += lines_in(part);
      begin_ = end;
    }
    tokens_ = place_ > begin_ ? count(text_.substr(begin_, place_ - begin_)) : 0;
    behind_blank_ = 0;
  }

  std::int64_t count(std::string_view text) const { return std::ssize(tokenizer_.encode_continued(text)); }

  const Tokenizer& tokenizer_;
  std::size_t source_;
  std::string_view text_;
  std::int64_t most_;
  std::vector<TextPart> parts_;
  std::size_t begin_ = 0, place_ = 0;  ///< of the part at hand: where it begins, and how far it goes
  std::size_t behind_blank_ = 0;       ///< where it may end, 0: nowhere yet
  std::int64_t tokens_ = 0, line_ = 1;
};

}  // namespace

std::vector<TextPart> cut_parts(const Tokenizer& tokenizer, const std::vector<SourceText>& sources,
                                std::int64_t tokens) {
  if (tokens < 1) throw UsageError(fmt::format("`part` {}: a part has at least one token", tokens), "part");
  std::vector<TextPart> parts;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::vector<TextPart> more = Cutter(tokenizer, i, sources[i].text, tokens).cut();
    parts.insert(parts.end(), more.begin(), more.end());
  }
  return parts;
}

}  // namespace focusllm

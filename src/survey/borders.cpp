#include "survey/borders.h"

#include <algorithm>

#include "base/utf8.h"

namespace focusllm {
namespace {

constexpr std::size_t kNear = 64;  // bytes on either side of a border that its priority follows from
constexpr std::string_view kWhiteSpace = " \t\r\n";

enum Kind : std::uint64_t { kCharacter, kWord, kLine, kParagraph };

class Finder {
 public:
  Finder(const Tokenizer& tokenizer, std::string_view text, std::int64_t most)
      : tokenizer_(tokenizer), text_(text), most_(most) {}

  std::vector<Border> find() {
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::string_view line = text_.substr(begin, behind(text_, "\n", begin) - begin);
      const bool blank = line.find_first_not_of(kWhiteSpace) == std::string_view::npos;
      add_line(begin, line, blank ? kParagraph : kLine);
      begin += line.size();
    }
    return std::move(borders_);
  }

 private:
  static std::size_t behind(std::string_view text, std::string_view ends, std::size_t from) {
    return std::min(text.find_first_of(ends, from), text.size() - 1) + 1;
  }
  std::int64_t count(std::string_view text) const { return std::ssize(tokenizer_.encode_continued(text)); }

  void add_line(std::size_t begin, std::string_view line, Kind kind) {
    const std::int64_t tokens = count(line);
    if (tokens <= most_) return add(begin + line.size(), tokens, kind);
    for (std::size_t at = 0; at < line.size();) {
      const std::string_view word = line.substr(at, behind(line, " \t", at) - at);
      at += word.size();
      add_word(begin + at - word.size(), word, at == line.size() ? kind : kWord);
    }
  }
  void add_word(std::size_t begin, std::string_view word, Kind kind) {
    // Without the space behind it, which goes with the next word.
    const std::size_t letters = word.find_last_not_of(kWhiteSpace) + 1;
    const std::int64_t tokens = count(word.substr(0, letters > 0 ? letters : word.size()));
    if (tokens <= most_) return add(begin + word.size(), tokens, kind);
    for (std::size_t at = 0, end = 0; at < word.size(); at = end) {
      for (end = at + 1; end < word.size() && !begins_character(word[end]);) ++end;
      add(begin + end, count(word.substr(at, end - at)), end == word.size() ? kind : kCharacter);
    }
  }
  void add(std::size_t byte, std::int64_t tokens, Kind kind) {
    tokens_ += tokens;
    borders_.push_back({byte, tokens_, (kind << 62) | (hash_near(byte) >> 2)});
  }
  /// FNV-1a, and its bits mixed.
  std::uint64_t hash_near(std::size_t byte) const {
    std::uint64_t hash = 0xcbf29ce484222325U;
    const std::size_t begin = byte - std::min(byte, kNear);
    for (const char letter : text_.substr(begin, byte + kNear - begin))
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
    hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93U;
    return hash ^ (hash >> 32);
  }

  const Tokenizer& tokenizer_;
  std::string_view text_;
  std::int64_t most_;
  std::int64_t tokens_ = 0;
  std::vector<Border> borders_;
};

/// Of a part: what is this long is long enough.
/// Whether none of those that are no more than `reach` tokens before it has as high a priority, and none
/// behind it a higher one.
bool is_highest(const std::vector<Border>& borders, std::size_t index, std::int64_t reach) {
  const Border& own = borders[index];
  for (std::size_t i = index; i-- > 0 && own.tokens - borders[i].tokens <= reach;)
    if (borders[i].priority >= own.priority) return false;
  for (std::size_t i = index + 1; i < borders.size() && borders[i].tokens - own.tokens <= reach; ++i)
    if (borders[i].priority > own.priority) return false;
  return true;
}

/// Of the borders from `first` on that are before `end`, the one behind a part that begins behind `tokens`:
/// the highest in the part's second half, and of equal ones the last.
std::size_t end_of_part(const std::vector<Border>& borders, std::size_t first, std::size_t end,
                        std::int64_t tokens, std::int64_t most) {
  std::size_t best = first;
  for (std::size_t i = first; i < end && borders[i].tokens - tokens <= most; ++i) {
    const bool half = borders[best].tokens - tokens > most / 2;
    if (!half || borders[i].priority >= borders[best].priority) best = i;
  }
  return best;
}

}  // namespace

std::vector<Border> borders_of(const Tokenizer& tokenizer, std::string_view text, std::int64_t most) {
  return Finder(tokenizer, text, most).find();
}

std::vector<std::size_t> choose_borders(const std::vector<Border>& borders, std::int64_t most) {
  std::vector<std::size_t> chosen;
  if (!borders.empty() && borders.back().tokens <= most) return {borders.size() - 1};
  std::size_t first = 0;
  std::int64_t tokens = 0;  // before `first`
  const auto choose = [&](std::size_t border) {
    chosen.push_back(border);
    first = border + 1;
    tokens = borders[border].tokens;
  };
  for (std::size_t i = 0; i < borders.size(); ++i) {
    if (i + 1 < borders.size() && !is_highest(borders, i, most / 2)) continue;
    while (first < i && borders[i].tokens - tokens > most) choose(end_of_part(borders, first, i, tokens, most));
    choose(i);
  }
  return chosen;
}

}  // namespace focusllm

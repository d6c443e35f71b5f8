#include "survey/borders.h"

#include <algorithm>
#include <utility>

#include "base/plain_text.h"
#include "base/utf8.h"

namespace focusllm {
namespace {

constexpr std::int64_t kScraps = 8;  // of a part: what is shorter is a scrap
constexpr std::size_t kNear = 64;    // bytes on either side of a border that its priority follows from
constexpr std::string_view kWhiteSpace = " \t\r\n";

enum Kind : std::uint64_t { kCharacter, kWord, kLine, kParagraph };

class Finder {
 public:
  Finder(const Tokenizer& tokenizer, std::string_view text, std::int64_t most)
      : tokenizer_(tokenizer), text_(text), most_(most) {}

  std::vector<Border> find() {
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::string_view line = text_.substr(begin, behind(text_, "\n", begin) - begin);
      add_line(begin, line, is_blank(line) ? kParagraph : kLine);
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

/// Cuts what stands between two chosen borders into parts.
class Splitter {
 public:
  Splitter(const std::vector<Border>& borders, std::int64_t most, std::vector<std::size_t>& chosen)
      : borders_(borders), most_(most), chosen_(chosen) {}

  /// Borders `first` to `last`, which is chosen.
  void cut(std::size_t first, std::size_t last) {
    while (first < last && tokens(first, last) > kFew * most_) {
      chosen_.push_back(end_of_part(first, last));
      first = chosen_.back() + 1;
    }
    split(first, last);
  }

 private:
  /// In a text that repeats itself nothing is highest for long: its parts are cut from the first on, each at
  /// the highest priority in its second half, and of equal ones at the last.
  std::size_t end_of_part(std::size_t first, std::size_t last) const {
    std::size_t best = first;
    for (std::size_t i = first; i < last && tokens(first, i) <= most_; ++i)
      if (2 * tokens(first, best) <= most_ || borders_[i].priority >= borders_[best].priority) best = i;
    return best;
  }
  /// A few parts: cut at the highest priority that leaves a third of a part on either side, and what comes of
  /// it in turn.
  void split(std::size_t first, std::size_t last) {
    if (first == last || tokens(first, last) <= most_) return chosen_.push_back(last);
    const std::size_t middle = highest(first, last);
    split(first, middle);
    split(middle + 1, last);
  }
  /// Between the border in front of `first` and `last`.
  std::int64_t tokens(std::size_t first, std::size_t last) const {
    return borders_[last].tokens - (first == 0 ? 0 : borders_[first - 1].tokens);
  }
  /// Of those before `last`; of equal ones the last. One that leaves enough on either side comes first.
  std::size_t highest(std::size_t first, std::size_t last) const {
    const auto rank = [&](std::size_t border) {
      const std::int64_t less = std::min(tokens(first, border), tokens(border + 1, last));
      return std::pair(3 * less >= most_, borders_[border].priority);
    };
    std::size_t best = first;
    for (std::size_t i = first + 1; i < last; ++i)
      if (rank(i) >= rank(best)) best = i;
    return best;
  }

  static constexpr std::int64_t kFew = 4;

  const std::vector<Border>& borders_;
  std::int64_t most_;
  std::vector<std::size_t>& chosen_;
};

/// Without those behind so short a part that it would say little by itself, a heading say, where it fits what
/// is behind it.
std::vector<std::size_t> without_scraps(const std::vector<Border>& borders,
                                        const std::vector<std::size_t>& chosen, std::int64_t most) {
  std::vector<std::size_t> kept;
  std::int64_t begin = 0;  // tokens before the part
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::int64_t end = borders[chosen[i]].tokens;
    const bool last = i + 1 == chosen.size();
    if (!last && end - begin < most / kScraps && borders[chosen[i + 1]].tokens - begin <= most) continue;
    kept.push_back(chosen[i]);
    begin = end;
  }
  return kept;
}

}  // namespace

std::vector<Border> borders_of(const Tokenizer& tokenizer, std::string_view text, std::int64_t most) {
  return Finder(tokenizer, text, most).find();
}

std::vector<std::size_t> choose_borders(const std::vector<Border>& borders, std::int64_t most) {
  std::vector<std::size_t> chosen;
  if (!borders.empty() && borders.back().tokens <= most) return {borders.size() - 1};
  Splitter splitter(borders, most, chosen);
  std::size_t first = 0;
  for (std::size_t i = 0; i < borders.size(); ++i) {
    if (i + 1 < borders.size() && !is_highest(borders, i, most / 2)) continue;
    splitter.cut(first, i);
    first = i + 1;
  }
  return without_scraps(borders, chosen, most);
}

}  // namespace focusllm

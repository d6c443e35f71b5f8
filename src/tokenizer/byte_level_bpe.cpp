#include "tokenizer/byte_level_bpe.h"

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"
#include "tokenizer/word_cache.h"

namespace focusllm {

/// The state of one encode() call.
class ByteLevelBpe::Session {
 public:
  Session(const ByteLevelBpe& bpe, std::size_t text_size) : bpe_(bpe), cache_(text_size) {}

  void add_text(std::string_view text) {
    if (auto repaired = repair_utf8(text)) text = repaired_.emplace_back(std::move(*repaired));
    std::size_t begin = 0;
    for (const std::uint32_t end : bpe_.pre_tokenizer_.split(text)) {
      cache_.add(text.substr(begin, end - begin), [this](std::string_view word) { encode_word(word); });
      begin = end;
    }
  }
  std::vector<Token>& ids() { return cache_.ids; }

 private:
  void encode_word(std::string_view word) {
    if (bpe_.pre_tokenizer_.ignores_merges() && add_whole(word)) return;
    merger_.symbols.clear();
    for (std::uint32_t i = 0; i < word.size(); ++i)
      merger_.add(i, 1, bpe_.byte_ids_[static_cast<unsigned char>(word[i])]);
    merger_.run([this](const Symbol& left, const Symbol& right) { return bpe_.merge(left, right); });
    for (std::int32_t i = 0; i >= 0; i = merger_.symbols[static_cast<std::size_t>(i)].next) {
      bpe_.append(merger_.symbols[static_cast<std::size_t>(i)].id, cache_.ids);
    }
  }

  bool add_whole(std::string_view word) {
    if (word.size() > bpe_.longest_) return false;
    std::string text;
    for (const char c : word) text += byte_level_character(static_cast<unsigned char>(c));
    const Token token = bpe_.vocabulary().find_plain(text);
    if (token >= 0) cache_.ids.push_back(token);
    return token >= 0;
  }

  const ByteLevelBpe& bpe_;
  WordCache cache_;
  PairMerger merger_;
  std::deque<std::string> repaired_;  ///< kept for the cache, which refers to them
};

ByteLevelBpe::ByteLevelBpe(const std::shared_ptr<const Vocabulary>& owned)
    : Tokenizer(owned, PreTokenizer::named(owned->pre).adds_bos()),
      pre_tokenizer_(PreTokenizer::named(owned->pre)),
      user_defined_(*owned, Vocabulary::user_defined, Vocabulary::control | Vocabulary::unknown),
      all_special_(*owned, Vocabulary::user_defined | Vocabulary::control | Vocabulary::unknown, 0),
      merges_(owned->merges.size()) {
  if (vocabulary().merges.empty()) fail("tokenizer.ggml.merges is missing or empty");
  for (Token token = 0; token < vocabulary().size(); ++token) {
    const std::string& text = vocabulary().texts[static_cast<std::size_t>(token)];
    longest_ = std::max(longest_, text.size());
    if (!vocabulary().is(token, Vocabulary::normal)) special_neighbours_.add_text(text);
  }
  Extra extra;
  for (unsigned byte = 0; byte < 256; ++byte)
    byte_ids_[byte] = intern(byte_level_character(static_cast<unsigned char>(byte)), extra);
  std::uint32_t rank = 0;
  for (const std::string& line : vocabulary().merges) read_merge(line, rank++, extra);
}

std::int32_t ByteLevelBpe::intern(std::string_view text, Extra& extra) {
  if (const Token token = vocabulary().find_plain(text); token >= 0) return token;
  const auto [it, is_new] =
      extra.try_emplace(std::string(text), static_cast<std::int32_t>(vocabulary().size() + extra.size()));
  if (!is_new) return it->second;
  // llama.cpp: byte by byte of the stand-in text, and what is no token either is left out.
  std::vector<Token>& tokens = extra_tokens_.emplace_back();
  for (const char& c : text) {
    if (const Token token = vocabulary().find_plain({&c, 1}); token >= 0) tokens.push_back(token);
  }
  return it->second;
}

void ByteLevelBpe::read_merge(std::string_view line, std::uint32_t rank, Extra& extra) {
  const std::size_t space = line.find(' ', 1);
  if (space == std::string_view::npos || space + 1 == line.size()) {
    fail("tokenizer.ggml.merges: entry {} is '{}', not two texts with a space between", rank, line);
  }
  const std::string_view left = line.substr(0, space), right = line.substr(space + 1);
  const auto key = static_cast<std::uint64_t>(intern(left, extra)) << 32 |
                   static_cast<std::uint32_t>(intern(right, extra));
  merges_.insert(key, {rank, intern(std::string(left) + std::string(right), extra)});
}

Merge ByteLevelBpe::merge(const Symbol& left, const Symbol& right) const {
  const Merge* found =
      merges_.find(static_cast<std::uint64_t>(left.id) << 32 | static_cast<std::uint32_t>(right.id));
  return found ? *found : Merge{};
}

void ByteLevelBpe::append(std::int32_t id, std::vector<Token>& ids) const {
  if (id < vocabulary().size()) {
    ids.push_back(id);
    return;
  }
  const auto& tokens = extra_tokens_[static_cast<std::size_t>(id - vocabulary().size())];
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

std::vector<Token> ByteLevelBpe::encode(std::string_view text, bool special) const {
  check_text_size(text);
  Session session(*this, text.size());
  for (const Fragment& fragment : (special ? all_special_ : user_defined_).split(text)) {
    if (fragment.token >= 0) {
      session.ids().push_back(fragment.token);
    } else {
      session.add_text(fragment.text);
    }
  }
  return std::move(session.ids());
}

std::size_t ByteLevelBpe::stable_prefix(std::string_view text) const {
  // Every pattern ends a word where a letter is followed by something else than a letter, whatever stands
  // around.
  for (std::size_t at = text.size(); at-- > 1;) {
    const std::uint32_t size = valid_size(text.substr(at));
    const std::string_view left = character_before(text, at);
    if (size == 0 || left.empty() || char_at(left, 0).kind != CharClass::letter) continue;
    if (char_at(text, at).kind == CharClass::letter) continue;
    if (!special_neighbours_.contains(left, text.substr(at, size))) return at;
  }
  return 0;
}

std::string ByteLevelBpe::plain_piece(const std::string& text) const {
  return byte_level_decode(text);
}

}  // namespace focusllm

#include "tokenizer/sentence_piece.h"

#include <algorithm>
#include <bit>
#include <deque>

#include "base/error.h"
#include "tokenizer/unicode.h"
#include "tokenizer/word_cache.h"

namespace focusllm {
namespace {

constexpr std::string_view kSpace = "\xe2\x96\x81";  // U+2581, written for the space

/// Ascending where the score descends.
std::uint32_t rank_of(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // no negative zero
  return (bits & 0x80000000U) != 0 ? bits : ~(bits | 0x80000000U);
}

std::string escape_spaces(std::string_view text, bool prefix) {
  std::string escaped(prefix ? kSpace : std::string_view());
  escaped.reserve(text.size() + text.size() / 2);
  for (const char c : text) {
    if (c == ' ') {
      escaped += kSpace;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

/// The state of one encode() call.
class SentencePiece::Session {
 public:
  Session(const SentencePiece& model, std::size_t text_size) : model_(model), cache_(text_size) {}

  /// Cuts the text where no token reaches across and merges within the parts: the same as merging all of it.
  void add_text(std::string_view raw, bool prefix) {
    const std::string_view text = escaped_.emplace_back(escape_spaces(raw, prefix));
    std::size_t begin = 0;
    std::string_view left = announced_character(text);
    for (std::size_t at = left.size(); at < text.size(); at += left.size()) {
      const std::string_view right = announced_character(text.substr(at));
      if (!model_.neighbours_.contains(left, right)) {
        add_part(text.substr(begin, at - begin));
        begin = at;
      }
      left = right;
    }
    add_part(text.substr(begin));
  }
  std::vector<Token>& ids() { return cache_.ids; }

 private:
  void add_part(std::string_view part) {
    cache_.add(part, [this](std::string_view text) { encode_part(text); });
  }

  void encode_part(std::string_view text) {
    merger_.symbols.clear();
    for (std::uint32_t at = 0; at < text.size();) {
      const auto size = static_cast<std::uint32_t>(announced_character(text.substr(at)).size());
      merger_.add(at, size, -1);
      at += size;
    }
    merger_.run([&](const Symbol& left, const Symbol& right) {
      return model_.merge(text.substr(left.begin, left.size + right.size));
    });
    for (std::int32_t i = 0; i >= 0; i = merger_.symbols[static_cast<std::size_t>(i)].next) {
      append(text, merger_.symbols[static_cast<std::size_t>(i)]);
    }
  }

  void append(std::string_view text, const Symbol& symbol) {
    const std::string_view bytes = text.substr(symbol.begin, symbol.size);
    const Token token = symbol.id >= 0 ? symbol.id : model_.vocabulary().find_plain(bytes);
    if (token >= 0) {
      cache_.ids.push_back(token);
      return;
    }
    for (const char c : bytes) cache_.ids.push_back(model_.byte_tokens_[static_cast<unsigned char>(c)]);
  }

  const SentencePiece& model_;
  WordCache cache_;
  PairMerger merger_;
  std::deque<std::string> escaped_;  ///< kept for the cache, which refers to them
};

SentencePiece::SentencePiece(const std::shared_ptr<const Vocabulary>& owned)
    : Tokenizer(owned, true),
      user_defined_(*owned, Vocabulary::user_defined, Vocabulary::control | Vocabulary::unknown),
      all_special_(*owned, Vocabulary::user_defined | Vocabulary::control | Vocabulary::unknown, 0) {
  if (vocabulary().scores.empty()) fail("tokenizer.ggml.scores is missing");
  for (unsigned byte = 0; byte < 256; ++byte)
    byte_tokens_[byte] = byte_token(static_cast<unsigned char>(byte));
  for (Token token = 0; token < vocabulary().size(); ++token) {
    const std::string& text = vocabulary().texts[static_cast<std::size_t>(token)];
    ranks_.push_back(rank_of(vocabulary().scores[static_cast<std::size_t>(token)]));
    longest_ = std::max(longest_, text.size());
    if (!vocabulary().is(token, Vocabulary::control | Vocabulary::unknown)) neighbours_.add_text(text);
  }
}

Token SentencePiece::byte_token(unsigned char byte) const {
  const char raw = static_cast<char>(byte);
  for (const std::string& text : {fmt::format("<0x{:02X}>", byte), std::string(1, raw)}) {
    if (const Token token = vocabulary().find_plain(text); token >= 0) return token;
  }
  if (vocabulary().unknown_token) return *vocabulary().unknown_token;
  fail("tokenizer.ggml.tokens has no <0x{:02X}>, and tokenizer.ggml.unknown_token_id is missing", byte);
}

Merge SentencePiece::merge(std::string_view text) const {
  if (text.size() > longest_) return {};
  const Token token = vocabulary().find_plain(text);
  return token < 0 ? Merge{} : Merge{ranks_[static_cast<std::size_t>(token)], token};
}

std::vector<Token> SentencePiece::encode(std::string_view text, bool special, bool prefix) const {
  check_text_size(text);
  Session session(*this, text.size());
  for (const Fragment& fragment : (special ? all_special_ : user_defined_).split(text)) {
    if (fragment.token >= 0) {
      session.ids().push_back(fragment.token);
    } else {
      session.add_text(fragment.text, prefix);
    }
    prefix = fragment.token >= 0 && adds_space_prefix();
  }
  return std::move(session.ids());
}

std::vector<Token> SentencePiece::encode(std::string_view text, bool special) const {
  return encode(text, special, adds_space_prefix());
}

std::vector<Token> SentencePiece::encode_continued(std::string_view text, bool special) const {
  return encode(text, special, false);
}

bool SentencePiece::is_stable(std::string_view text, std::size_t at) const {
  const std::uint32_t size = valid_size(text.substr(at));
  const std::string_view left = character_before(text, at);
  if (size == 0 || left.empty() || neighbours_.contains(left, text.substr(at, size))) return false;
  // A broken character may take up to three bytes of others with it; a few whole ones later all is as it
  // seems.
  constexpr std::size_t kClear = 12;
  for (std::size_t begin = at; begin > 0 && at - begin < kClear;) {
    const std::size_t before = character_before(text, begin).size();
    if (before == 0) return false;
    begin -= before;
  }
  // Behind a token that stands in the text by its name the next word gets a space, which encode_continued
  // leaves out.
  return !adds_space_prefix() || !user_defined_.end_of(text.substr(0, at));
}

std::size_t SentencePiece::stable_prefix(std::string_view text) const {
  for (std::size_t at = text.size(); at-- > 1;) {
    if (is_stable(text, at)) return at;
  }
  return 0;
}

std::string SentencePiece::plain_piece(const std::string& text) const {
  std::string piece;
  std::size_t begin = 0;
  for (std::size_t at = text.find(kSpace); at != std::string::npos; at = text.find(kSpace, begin)) {
    piece.append(text, begin, at - begin).push_back(' ');
    begin = at + kSpace.size();
  }
  return piece.append(text, begin);
}

}  // namespace focusllm

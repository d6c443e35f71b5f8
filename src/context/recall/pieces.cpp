#include "context/recall/pieces.h"

#include <algorithm>
#include <utility>

namespace focusllm::context {

void Pieces::add(std::int64_t text, std::int64_t token, std::vector<Token> name) {
  if (!name.empty()) {
    if (first_name_.empty()) first_name_ = name;
    several_ = several_ || name != first_name_;
    longest_ = std::max(longest_, std::ssize(name));
  }
  pieces_.push_back({text, token, std::move(name)});
}

void Pieces::save(memory::Saver& saver) const {
  saver.number(std::ssize(pieces_));
  for (const Piece& piece : pieces_) {
    saver.number(piece.text);
    saver.number(piece.token);
    saver.array(std::span<const Token>(piece.name));
  }
}

void Pieces::load(memory::Loader& loader) {
  *this = Pieces();
  for (std::int64_t pieces = loader.number(); pieces > 0; --pieces) {
    const std::int64_t text = loader.number(), token = loader.number();
    add(text, token, loader.array<Token>());
  }
}

const Pieces::Piece& Pieces::of(std::int64_t text) const {
  return *std::prev(std::ranges::upper_bound(pieces_, text, {}, &Piece::text));
}

std::int64_t Pieces::token_of(std::int64_t text) const {
  return of(text).token + text - of(text).text;
}

std::span<const Token> Pieces::name_of(std::int64_t text) const {
  if (!several_) return {};
  return of(text).name;
}

std::vector<Span> Pieces::cut(const std::vector<Span>& spans) const {
  if (!several_) return spans;
  std::vector<Span> parts;
  for (Span span : spans) {
    for (const Piece& piece : pieces_) {
      if (piece.text <= span.first || piece.text >= span.end()) continue;
      parts.push_back({.first = span.first, .tokens = piece.text - span.first, .score = span.score});
      span = {.first = piece.text, .tokens = span.end() - piece.text, .score = span.score};
    }
    parts.push_back(span);
  }
  return parts;
}

}  // namespace focusllm::context

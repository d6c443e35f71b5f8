#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "context/context.h"
#include "context/recall/spans.h"

namespace focusllm::context {

/// The pieces of a text that came without a break, some of which have names: where each stands among all
/// tokens, and what is shown with a part of it. Where two names are not the same, each part is shown with its
/// own, and is of one piece.
class Pieces {
 public:
  struct Piece {
    std::int64_t text;
    std::int64_t token;
    std::vector<Token> name;
  };
  /// text: tokens of the text before the piece; token: of everything. name: the line that says it, or
  /// nothing.
  void add(std::int64_t text, std::int64_t token, std::vector<Token> name);
  const std::vector<Piece>& all() const { return pieces_; }
  void save(memory::Saver& saver) const;
  void load(memory::Loader& loader);
  bool empty() const { return pieces_.empty(); }
  /// Where a token of the text stands among all.
  std::int64_t token_of(std::int64_t text) const;
  /// The line in front of what begins with a token of the text; nothing where names are not shown.
  std::span<const Token> name_of(std::int64_t text) const;
  /// Tokens of the longest such line.
  std::int64_t name_tokens() const { return several_ ? longest_ : 0; }
  /// The spans, cut where a piece begins if names are shown.
  std::vector<Span> cut(const std::vector<Span>& spans) const;

 private:
  const Piece& of(std::int64_t text) const;

  std::vector<Piece> pieces_;  ///< ascending
  std::vector<Token> first_name_;
  std::int64_t longest_ = 0;
  bool several_ = false;
};

}  // namespace focusllm::context

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/corpus.h"
#include "data/fact.h"
#include "data/random.h"
#include "data/sampler_options.h"
#include "focusllm/chat_template.h"
#include "train/sample.h"

namespace focusllm::data {

/// A chunk, where its text comes from, and what was hidden in it.
struct PoolChunk {
  std::shared_ptr<const train::Chunk> chunk;
  std::shared_ptr<const Document> document;
  std::int64_t begin = 0, end = 0;  ///< the document's tokens in it; facts stand between them
  std::vector<Fact> facts;
  std::int64_t repeats = 0;    ///< of its first tokens: the end of the chunk before
  std::vector<Fact> before;    ///< facts of that one, of which the end may be here
  std::optional<Fact> across;  ///< begins at the end of this chunk and ends in the one that goes on

  bool goes_on_in(const PoolChunk& next) const { return document == next.document && end == next.begin; }
};

/// What chunks are made of. Immutable and thread-safe; keeps references to all but the template.
class ChunkSource {
 public:
  /// `documents` is not empty, none of them shorter than kLeastDocument. Where the vocabulary's chat template
  /// is not known, there is none.
  ChunkSource(const Documents& documents, const Tokenizer& tokenizer, const SamplerOptions& options);

  /// `count` chunks: as many as there are of a document from a random place on, and if it ends, of others.
  /// Their ids are first_id, first_id + 1, ...
  std::vector<std::shared_ptr<const PoolChunk>> passage(std::int64_t count, std::uint64_t first_id,
                                                        Random random) const;

  /// A document, as often as its share of all tokens.
  const std::shared_ptr<const Document>& document(Random& random) const;
  /// `count` tokens from a random place of a document; fewer if it is shorter.
  std::vector<Token> running_text(std::int64_t count, Random& random) const;
  const Tokenizer& tokenizer() const { return tokenizer_; }
  const ChatTemplate* chat() const { return chat_.get(); }
  const SamplerOptions& options() const { return options_; }
  /// Puts the statements into running text, each behind a sentence where one ends near, none into another.
  void hide(std::span<const Fact> facts, std::vector<Token>& text, Random& random) const;
  /// The statement's tokens within running text.
  std::vector<Token> statement(const Fact& fact) const;

 private:
  struct Place {
    std::shared_ptr<const Document> document;
    std::int64_t begin, size;
    bool opens;  ///< begins like a conversation
    /// The end of the chunk before and the rest of a statement that it began; another one's beginning.
    std::vector<Token> head, tail;
    std::int64_t repeats = 0;  ///< tokens of the head that are the end of the chunk before
  };
  /// Facts of a passage, no key twice.
  class Facts;
  /// At least `size` tokens: a short piece of a document over and over, as logs and forms are.
  std::shared_ptr<const Document> repeated_document(std::int64_t size, Random& random) const;
  PoolChunk chunk(const Place& place, std::vector<Fact> facts, std::uint64_t id, Random& random) const;
  /// How many of a statement's words stay in front of the cut.
  std::int64_t cut_place(const Fact& fact, std::span<const Token> words, Random& random) const;
  /// Sometimes: a fact whose statement the end of the chunk cuts in two; what does not fit is in `rest`.
  std::optional<Fact> cut_fact(Place& place, Facts& facts, std::vector<Token>& rest, Random& random) const;
  std::int64_t sentence_end(std::span<const Token> text, std::int64_t from) const;

  const Documents& documents_;
  const Tokenizer& tokenizer_;
  const SamplerOptions& options_;
  std::unique_ptr<const ChatTemplate> chat_;
  std::vector<Token> opening_;       ///< what a conversation begins with
  std::vector<double> ends_;         ///< [documents]: tokens up to the end of each
  std::vector<char> ends_sentence_;  ///< [vocabulary]
};

}  // namespace focusllm::data

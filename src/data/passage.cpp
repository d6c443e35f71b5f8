#include "data/passage.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace focusllm::data {
namespace {

/// Shares of chunks that are shorter than their run's, as the last one of a text is, and of documents that
/// begin like a conversation, as the first chunk does when a text is read.
constexpr double kShort = 0.05, kOpens = 0.25;
/// Share of cut statements that are cut within the value: the rarest and the hardest place.
constexpr double kCutValue = 0.5;
/// How far from the place that was drawn a sentence's end is looked for.
constexpr std::int64_t kNear = 48;
/// Tokens of what is said over and over in a document of its own.
constexpr Range kRepeatedPiece{6, 80};

std::unique_ptr<const ChatTemplate> template_of(const Tokenizer& tokenizer) {
  try {
    return ChatTemplate::recognise(tokenizer);
  } catch (const Error&) {
    return nullptr;  // a base model: asked in plain text only
  }
}

bool ends_sentence(const std::string& piece) {
  return piece.ends_with('.') || piece.ends_with('\n') || piece.ends_with(".\"") || piece.ends_with('!') ||
         piece.ends_with('?');
}

/// A number of facts with the given mean.
std::int64_t fact_count(double mean, Random& random) {
  const double most = 2 * mean;  // from 0 to that, evenly
  const auto whole = static_cast<std::int64_t>(most);
  return random.below(whole + 1) + (random.chance((most - static_cast<double>(whole)) / 2) ? 1 : 0);
}

}  // namespace

class ChunkSource::Facts {
 public:
  explicit Facts(Random& random) : maker_(random) {}
  std::optional<Fact> next(Random& random) {
    Fact fact = maker_.make(random);
    return keys_.insert(fact.key()).second ? std::optional(std::move(fact)) : std::nullopt;
  }

 private:
  FactMaker maker_;
  std::set<std::string> keys_;
};

ChunkSource::ChunkSource(const Documents& documents, const Tokenizer& tokenizer,
                         const SamplerOptions& options)
    : documents_(documents), tokenizer_(tokenizer), options_(options), chat_(template_of(tokenizer)) {
  if (chat_) opening_ = chat_->open("");
  double sum = 0;
  for (const auto& document : documents) ends_.push_back(sum += static_cast<double>(document->tokens.size()));
  for (Token token = 0; token < tokenizer.size(); ++token)
    ends_sentence_.push_back(static_cast<char>(ends_sentence(tokenizer.piece(token))));
}

const std::shared_ptr<const Document>& ChunkSource::document(Random& random) const {
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), random.unit() * ends_.back());
  const auto index = static_cast<std::size_t>(found - ends_.begin());
  return documents_[std::min(index, documents_.size() - 1)];
}

std::shared_ptr<const Document> ChunkSource::repeated_document(std::int64_t size, Random& random) const {
  const std::vector<Token> piece = running_text(random.log_in(kRepeatedPiece), random);
  Document document{"a repeated passage", {}};
  while (std::ssize(document.tokens) < size)
    document.tokens.insert(document.tokens.end(), piece.begin(), piece.end());
  return std::make_shared<const Document>(std::move(document));
}

std::vector<Token> ChunkSource::running_text(std::int64_t count, Random& random) const {
  const auto& tokens = document(random)->tokens;
  const std::int64_t size = std::min<std::int64_t>(count, std::ssize(tokens));
  const std::int64_t begin = random.below(std::ssize(tokens) - size + 1);
  return {tokens.begin() + begin, tokens.begin() + begin + size};
}

std::vector<Token> ChunkSource::statement(const Fact& fact) const {
  return tokenizer_.encode_continued(" " + fact.statement + "\n");
}

std::int64_t ChunkSource::sentence_end(std::span<const Token> text, std::int64_t from) const {
  for (std::int64_t at = from; at < std::min<std::int64_t>(from + kNear, std::ssize(text)); ++at)
    if (ends_sentence_[static_cast<std::size_t>(text[static_cast<std::size_t>(at)])] != 0) return at + 1;
  return from;
}

void ChunkSource::hide(std::span<const Fact> facts, std::vector<Token>& text, Random& random) const {
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < facts.size(); ++i)
    places.push_back(sentence_end(text, random.below(std::ssize(text) + 1)));
  std::sort(places.begin(), places.end());
  // From the end to the beginning: what is put in moves no place that is still to come.
  for (std::size_t i = facts.size(); i-- > 0;) {
    const std::vector<Token> words = statement(facts[i]);
    text.insert(text.begin() + places[i], words.begin(), words.end());
  }
}

PoolChunk ChunkSource::chunk(const Place& place, std::vector<Fact> facts, std::uint64_t id,
                             Random& random) const {
  const bool opens = place.opens && std::ssize(opening_) <= place.size / 4;
  std::int64_t room =
      place.size - (opens ? std::ssize(opening_) : 0) - std::ssize(place.head) - std::ssize(place.tail);
  // Facts take the place of text, half of the chunk at most: they are hidden in it.
  std::vector<Fact> hidden;
  for (Fact& fact : facts) {
    const auto tokens = std::ssize(statement(fact));
    if (room - tokens < place.size / 2) continue;
    room -= tokens;
    hidden.push_back(std::move(fact));
  }
  const auto& text = place.document->tokens;
  const std::int64_t end = std::min<std::int64_t>(place.begin + room, std::ssize(text));
  auto chunk = std::make_shared<train::Chunk>();
  chunk->id = id;
  chunk->tokens.assign(text.begin() + place.begin, text.begin() + end);
  hide(hidden, chunk->tokens, random);
  chunk->tokens.insert(chunk->tokens.begin(), place.head.begin(), place.head.end());
  chunk->tokens.insert(chunk->tokens.end(), place.tail.begin(), place.tail.end());
  if (opens) chunk->tokens.insert(chunk->tokens.begin(), opening_.begin(), opening_.end());
  return {std::move(chunk), place.document, place.begin, end, std::move(hidden), place.repeats, {}, {}};
}

std::int64_t ChunkSource::cut_place(const Fact& fact, std::span<const Token> words, Random& random) const {
  Range inside{1, std::ssize(words) - 1};
  const std::size_t found = fact.statement.find(fact.value);
  if (!random.chance(kCutValue) || found == std::string::npos) return random.in(inside);
  const std::size_t begin = found + 1;  // behind the space in front of the statement
  const std::size_t end = begin + fact.value.size();
  std::size_t byte = 0;
  Range value{std::ssize(words), 0};  // tokens that begin within the value
  for (std::int64_t i = 0; i < std::ssize(words); ++i) {
    byte += tokenizer_.piece(words[static_cast<std::size_t>(i)]).size();
    if (byte > begin && byte < end) value = {std::min(value.least, i + 1), i + 1};
  }
  if (value.least <= value.most) inside = {value.least, std::min(value.most, inside.most)};
  return random.in(inside);
}

std::optional<Fact> ChunkSource::cut_fact(Place& place, Facts& facts, std::vector<Token>& rest,
                                          Random& random) const {
  const bool goes_on = place.begin + place.size + kLeastChunk <= std::ssize(place.document->tokens);
  if (options_.facts <= 0 || !goes_on || !random.chance(options_.cut)) return std::nullopt;
  std::optional<Fact> fact = facts.next(random);
  if (!fact) return std::nullopt;
  const std::vector<Token> words = statement(*fact);
  if (std::ssize(words) > place.size / 4) return std::nullopt;
  const std::int64_t cut = cut_place(*fact, words, random);
  place.tail.assign(words.begin(), words.begin() + cut);
  rest.assign(words.begin() + cut, words.end());
  return fact;
}

std::vector<std::shared_ptr<const PoolChunk>> ChunkSource::passage(std::int64_t count, std::uint64_t first_id,
                                                                   Random random) const {
  Facts source(random);
  std::vector<std::shared_ptr<const PoolChunk>> chunks;
  while (std::ssize(chunks) < count) {
    const std::int64_t size = random.pick(options_.chunk_sizes);
    const std::int64_t whole = count * size + options_.local.most + options_.labels.most;
    Place place{random.chance(options_.repeated) ? repeated_document(whole, random) : document(random),
                0,
                0,
                random.chance(kOpens),
                {},
                {},
                0};
    const std::int64_t overlap = random.in({0, std::min(options_.overlap, size / 8)});
    const std::int64_t length = std::ssize(place.document->tokens);
    place.begin = random.below(std::max<std::int64_t>(length - (count - std::ssize(chunks)) * size, 0) + 1);
    while (std::ssize(chunks) < count && place.begin + kLeastChunk <= length) {
      const bool may_be_short = std::ssize(place.head) == place.repeats;
      place.size =
          may_be_short && random.chance(kShort) ? random.in({kLeastChunk + place.repeats, size}) : size;
      std::vector<Fact> facts;
      for (std::int64_t i = fact_count(options_.facts, random); i > 0; --i)
        if (auto fact = source.next(random)) facts.push_back(std::move(*fact));
      std::vector<Token> rest;
      std::optional<Fact> across;
      if (std::ssize(chunks) + 1 < count) across = cut_fact(place, source, rest, random);
      PoolChunk made = chunk(place, std::move(facts), first_id + chunks.size(), random);
      made.across = std::move(across);
      if (made.repeats > 0) made.before = chunks.back()->facts;
      const auto& tokens = made.chunk->tokens;
      const std::int64_t repeats = std::min<std::int64_t>(overlap, std::ssize(tokens));
      rest.insert(rest.begin(), tokens.end() - repeats, tokens.end());
      place = {place.document, made.end, 0, false, std::move(rest), {}, repeats};
      chunks.push_back(std::make_shared<PoolChunk>(std::move(made)));
    }
  }
  return chunks;
}

}  // namespace focusllm::data

#include "engine/text_places.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"

namespace focusllm {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSpaceTokens = 8;  // behind a token, which may be white space as well

}  // namespace

Quote quote_of(std::string_view bytes, std::size_t most) {
  bytes.remove_prefix(std::min(bytes.find_first_not_of(kWhiteSpace), bytes.size()));
  bytes = bytes.substr(0, most);
  const auto skipped =
      static_cast<std::size_t>(std::ranges::find_if(bytes, begins_character) - bytes.begin());
  bytes.remove_prefix(skipped);
  return {skipped, std::string(bytes.substr(0, find_invalid_utf8(bytes).value_or(bytes.size())))};
}

std::int64_t TextPlaces::next_run(std::int64_t token, std::int64_t none) const {
  const auto next = std::ranges::lower_bound(runs_, token, {}, &Run::first);
  return next == runs_.end() ? none : next->first;
}

std::string TextPlaces::name_at(std::int64_t token) const {
  const auto run = std::ranges::lower_bound(runs_, token, {}, &Run::first);
  const bool named = run != runs_.end() && run->first == token && !run->texts.empty();
  return named && run->texts.front().byte == 0 ? run->texts.front().begin.name : std::string();
}

/// bytes: of the run's tokens, as far as they are wanted.
TextPlace TextPlaces::Run::place(std::string_view bytes, std::size_t at) const {
  at = std::min(bytes.find_first_not_of(kWhiteSpace, at), bytes.size());
  const std::int64_t byte = std::max<std::int64_t>(0, static_cast<std::int64_t>(at) - extra);
  TextPlace place{.name = {}, .byte = 0, .line = 1};
  std::int64_t begin = 0, next = kNever;
  for (const Text& text : texts) {
    next = text.byte;
    if (text.byte > byte) break;
    next = kNever;
    place = text.begin;
    begin = text.byte;
  }
  place.left = next - byte;
  place.end = end;
  const auto of_text = static_cast<std::size_t>(std::min<std::int64_t>(byte - begin, std::ssize(bytes)));
  place.byte += byte - begin;
  place.line += std::ranges::count(bytes.substr(0, at).substr(at - std::min(at, of_text)), '\n');
  return place;
}

std::vector<TextPlace> TextPlaces::find(std::span<const std::int64_t> wanted, std::span<const Token> tokens,
                                        const Tokenizer& tokenizer) const {
  std::vector<TextPlace> places(wanted.size());
  for (const Run& run : runs_) {
    const auto in_run = [&](std::int64_t token) { return token >= run.first && token < run.end; };
    std::int64_t last = -1;
    for (const std::int64_t token : wanted)
      if (in_run(token)) last = std::max(last, token);
    if (last < 0) continue;
    std::string bytes;
    std::vector<std::size_t> begins;  // of each token
    for (std::int64_t token = run.first; token < std::min(run.end, last + 1 + kSpaceTokens); ++token) {
      begins.push_back(bytes.size());
      bytes += tokenizer.piece(tokens[static_cast<std::size_t>(token)], true);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (in_run(wanted[i]))
        places[i] = run.place(bytes, begins[static_cast<std::size_t>(wanted[i] - run.first)]);
  }
  return places;
}

void TextPlaces::put_before(const TextPlaces& other, std::int64_t first, std::int64_t count,
                            std::int64_t place) {
  for (Run& run : runs_) {
    run.first += count;
    run.end += count;
  }
  std::vector<Run> earlier = other.runs_;
  for (Run& run : earlier) {
    run.first += place - first;
    run.end += place - first;
  }
  runs_.insert(runs_.begin(), earlier.begin(), earlier.end());
}

void TextPlaces::save(memory::Saver& saver) const {
  saver.number(std::ssize(runs_));
  for (const Run& run : runs_) {
    for (const std::int64_t number : {run.first, run.end, run.extra, std::ssize(run.texts)})
      saver.number(number);
    for (const Text& text : run.texts) {
      saver.text(text.begin.name);
      for (const std::int64_t number : {text.byte, text.begin.byte, text.begin.line}) saver.number(number);
    }
  }
}

void TextPlaces::load(memory::Loader& loader) {
  runs_.clear();
  for (std::int64_t runs = loader.number(); runs > 0; --runs) {
    Run& run = runs_.emplace_back();
    for (std::int64_t* number : {&run.first, &run.end, &run.extra}) *number = loader.number();
    for (std::int64_t texts = loader.number(); texts > 0; --texts) {
      Text& text = run.texts.emplace_back();
      text.begin.name = loader.text();
      for (std::int64_t* number : {&text.byte, &text.begin.byte, &text.begin.line}) *number = loader.number();
    }
  }
}

}  // namespace focusllm

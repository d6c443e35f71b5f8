#include "engine/text_places.h"

#include <algorithm>

namespace focusllm {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
constexpr std::int64_t kSpaceTokens = 8;  // behind a token, which may be white space as well

}  // namespace

std::int64_t TextPlaces::next_run(std::int64_t token, std::int64_t none) const {
  const auto next = std::ranges::lower_bound(runs_, token, {}, &Run::first);
  return next == runs_.end() ? none : next->first;
}

std::string TextPlaces::name_at(std::int64_t token) const {
  const auto run = std::ranges::lower_bound(runs_, token, {}, &Run::first);
  const bool named = run != runs_.end() && run->first == token && !run->texts.empty();
  return named && run->texts.front().byte == 0 ? run->texts.front().name : std::string();
}

/// bytes: of the run's tokens, as far as they are wanted.
TextPlace TextPlaces::Run::place(std::string_view bytes, std::size_t at) const {
  at = std::min(bytes.find_first_not_of(kWhiteSpace, at), bytes.size());
  const std::int64_t byte = std::max<std::int64_t>(0, static_cast<std::int64_t>(at) - extra);
  TextPlace place;
  std::int64_t begin = 0;
  for (const Text& text : texts) {
    if (text.byte > byte) break;
    place.name = text.name;
    begin = text.byte;
  }
  place.byte = byte - begin;
  const auto of_text = static_cast<std::size_t>(std::min<std::int64_t>(place.byte, std::ssize(bytes)));
  place.line = 1 + std::ranges::count(bytes.substr(0, at).substr(at - std::min(at, of_text)), '\n');
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

}  // namespace focusllm

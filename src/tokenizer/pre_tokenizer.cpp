#include "tokenizer/pre_tokenizer.h"

#include <span>
#include <string>

#include "base/error.h"
#include "tokenizer/unicode.h"

namespace focusllm {
namespace {

using Pass = PreTokenizer::Pass;

struct Named {
  std::string_view name;
  std::vector<Pass> passes;
  bool ignores_merges = false;
  bool adds_bos = false;
};

const std::vector<Named>& known() {
  const std::vector<Pass> starcoder = {Pass::number, Pass::gpt2};
  static const std::vector<Named> all = {
      {"default", {Pass::punctuation, Pass::gpt2, Pass::numbers, Pass::digit_triples}},
      {"gpt-2", {Pass::gpt2}},
      {"phi-2", {Pass::gpt2}},
      {"mpt", {Pass::gpt2}},
      {"olmo", {Pass::gpt2}},
      {"smollm", starcoder},
      {"starcoder", starcoder},
      {"refact", starcoder},
      {"command-r", starcoder},
      {"falcon", {Pass::punctuation_backtick, Pass::gpt2, Pass::digit_triples}},
      {"llama-bpe", {Pass::llama3}, true, true},
      {"llama3", {Pass::llama3}, true, true},
      {"llama-v3", {Pass::llama3}, true, true},
      {"falcon3", {Pass::llama3}, true, true},
      {"dbrx", {Pass::llama3}},
      {"smaug-bpe", {Pass::llama3}},
      {"qwen2", {Pass::qwen2}},
      {"deepseek-r1-qwen", {Pass::qwen2}},
      {"stablelm2", {Pass::qwen2}},
      {"tekken", {Pass::tekken}, true, true},
  };
  return all;
}

bool is_symbol(CharClass kind) {
  return kind == CharClass::other || kind == CharClass::punctuation;
}
bool is_newline(char32_t code) {
  return code == '\r' || code == '\n';
}

/// End of the longest run of characters at `at` of which `belongs` is true.
template <typename Predicate>
std::size_t run_end(std::string_view text, std::size_t at, Predicate&& belongs) {
  for (Char c = char_at(text, at); c.size != 0 && belongs(c); c = char_at(text, at)) at += c.size;
  return at;
}

std::size_t class_end(std::string_view text, std::size_t at, CharClass kind) {
  return run_end(text, at, [kind](const Char& c) { return c.kind == kind; });
}

std::size_t symbols_end(std::string_view text, std::size_t at) {
  return run_end(text, at, [](const Char& c) { return is_symbol(c.kind); });
}

/// Bytes of 's, 't, 'm, 'd, 're, 've or 'll at `at`; 0 if there is none.
std::size_t contraction_size(std::string_view text, std::size_t at, bool any_case) {
  if (text[at] != '\'') return 0;
  const auto letter = [&](std::size_t i) {
    const char c = at + i < text.size() ? text[at + i] : '\0';
    return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  const char a = letter(1), b = letter(2);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

/// \s+(?!\S)|\s+ : a run of white space without its last character, unless the text ends there or it is
/// alone.
std::size_t spaces_end(std::string_view text, std::size_t at) {
  std::size_t last = at, end = at;
  for (Char c = char_at(text, end); c.kind == CharClass::space; c = char_at(text, end)) {
    last = end;
    end += c.size;
  }
  return end < text.size() && last > at ? last : end;
}

/// \s*[\r\n]+ ; `at` itself if there is no line end in the white space.
std::size_t line_ends_end(std::string_view text, std::size_t at) {
  std::size_t result = at, end = at;
  for (Char c = char_at(text, end); c.kind == CharClass::space; c = char_at(text, end)) {
    end += c.size;
    if (is_newline(c.code)) result = end;
  }
  return result;
}

std::size_t gpt2_word(std::string_view text, std::size_t at) {
  if (const std::size_t size = contraction_size(text, at, false)) return at + size;
  const std::size_t body = text[at] == ' ' ? at + 1 : at;
  const CharClass kind = char_at(text, body).kind;
  if (kind == CharClass::letter || kind == CharClass::number) return class_end(text, body, kind);
  if (is_symbol(kind)) return symbols_end(text, body);
  return spaces_end(text, at);
}

std::size_t numbers_end(std::string_view text, std::size_t at, int most) {
  return run_end(text, at, [&](const Char& c) { return c.kind == CharClass::number && most-- > 0; });
}

/// ` ?[^\s\p{L}\p{N}]+X*|\s*[\r\n]+|\s+(?!\S)|\s+`, with X the characters that `closes` tells.
template <typename Predicate>
std::size_t symbols_or_spaces_end(std::string_view text, std::size_t at, Predicate&& closes) {
  const std::size_t body = text[at] == ' ' ? at + 1 : at;
  if (is_symbol(char_at(text, body).kind)) return run_end(text, symbols_end(text, body), closes);
  const std::size_t lines = line_ends_end(text, at);
  return lines > at ? lines : spaces_end(text, at);
}

std::size_t llama3_word(std::string_view text, std::size_t at, int most_digits) {
  if (const std::size_t size = contraction_size(text, at, true)) return at + size;
  const Char first = char_at(text, at);
  if (first.kind == CharClass::number) return numbers_end(text, at, most_digits);
  if (!is_newline(first.code)) {
    const std::size_t end = class_end(text, at + first.size, CharClass::letter);
    if (first.kind == CharClass::letter || end > at + first.size) return end;
  }
  return symbols_or_spaces_end(text, at, [](const Char& c) { return is_newline(c.code); });
}

/// `((?=\p{L})[^a-z])*((?=\p{L})[^A-Z])+|((?=\p{L})[^a-z])+((?=\p{L})[^A-Z])*` : capital letters, then small
/// ones. A letter outside of ASCII is both. Where no small one follows, the word ends at the last that is
/// both, if there is one. `at` itself if there is no letter.
std::size_t camel_case_end(std::string_view text, std::size_t at) {
  const auto is_capital = [](const Char& c) { return c.code >= 'A' && c.code <= 'Z'; };
  std::size_t end = at, both = at;
  for (Char c = char_at(text, end); c.kind == CharClass::letter; c = char_at(text, end)) {
    if (c.code >= 'a' && c.code <= 'z') {
      return run_end(text, end, [&](const Char& s) { return s.kind == CharClass::letter && !is_capital(s); });
    }
    end += c.size;
    if (!is_capital(c)) both = end;
  }
  return both > at ? both : end;
}

std::size_t tekken_word(std::string_view text, std::size_t at) {
  const Char first = char_at(text, at);
  if (first.kind == CharClass::number) return at + first.size;
  if (!is_newline(first.code)) {
    const std::size_t letters = first.kind == CharClass::letter ? at : at + first.size;
    const std::size_t end = camel_case_end(text, letters);
    if (end > letters) return end;
  }
  return symbols_or_spaces_end(text, at, [](const Char& c) { return is_newline(c.code) || c.code == '/'; });
}

bool is_operator(char32_t code, bool backtick) {
  return code < 0x80 &&
         (std::string_view("$+<=>^~|").find(static_cast<char>(code)) != std::string_view::npos ||
          (backtick && code == '`'));
}

/// End of the run of characters at `at` that all are, or all are not, of the kind that `belongs` tells.
template <typename Predicate>
std::size_t alternating_end(std::string_view text, std::size_t at, Predicate&& belongs) {
  const bool wanted = belongs(char_at(text, at));
  return run_end(text, at, [&](const Char& c) { return belongs(c) == wanted; });
}

std::size_t punctuation_word(std::string_view text, std::size_t at, bool backtick) {
  return alternating_end(text, at, [backtick](const Char& c) {
    return c.kind == CharClass::punctuation || is_operator(c.code, backtick);
  });
}

std::size_t triple_word(std::string_view text, std::size_t at) {
  const auto is_triple = [&](std::size_t i) {
    const std::string_view part = text.substr(i, 3);
    return part.size() == 3 && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (is_triple(at)) return at + 3;
  while (++at < text.size() && !is_triple(at)) {
  }
  return at;
}

std::size_t word_end(Pass pass, std::string_view text, std::size_t at) {
  const auto is_number = [](const Char& c) { return c.kind == CharClass::number; };
  switch (pass) {
    case Pass::gpt2:
      return gpt2_word(text, at);
    case Pass::llama3:
      return llama3_word(text, at, 3);
    case Pass::qwen2:
      return llama3_word(text, at, 1);
    case Pass::tekken:
      return tekken_word(text, at);
    case Pass::number: {
      const Char first = char_at(text, at);
      return is_number(first) ? at + first.size : alternating_end(text, at, is_number);
    }
    case Pass::numbers:
      return alternating_end(text, at, is_number);
    case Pass::digit_triples:
      return triple_word(text, at);
    case Pass::punctuation:
      return punctuation_word(text, at, false);
    case Pass::punctuation_backtick:
      return punctuation_word(text, at, true);
  }
  return text.size();
}

std::vector<std::uint32_t> run_pass(Pass pass, std::string_view text, std::span<const std::uint32_t> pieces) {
  std::vector<std::uint32_t> ends;
  ends.reserve(pieces.size() + text.size() / 8);
  std::size_t begin = 0;
  for (const std::uint32_t end : pieces) {
    const std::string_view piece = text.substr(begin, end - begin);
    for (std::size_t at = 0; at < piece.size();) {
      at = word_end(pass, piece, at);
      ends.push_back(static_cast<std::uint32_t>(begin + at));
    }
    begin = end;
  }
  return ends;
}

}  // namespace

PreTokenizer PreTokenizer::named(std::string_view name) {
  std::string names;
  for (const Named& one : known()) {
    if (one.name == name) {
      PreTokenizer result;
      result.passes_ = one.passes;
      result.ignores_merges_ = one.ignores_merges;
      result.adds_bos_ = one.adds_bos;
      return result;
    }
    names += names.empty() ? "" : ", ";
    names += one.name;
  }
  fail("tokenizer.ggml.pre is '{}', which is not supported; supported are: {}", name, names);
}

std::vector<std::uint32_t> PreTokenizer::split(std::string_view text) const {
  std::vector<std::uint32_t> ends = {static_cast<std::uint32_t>(text.size())};
  for (const Pass pass : passes_) ends = run_pass(pass, text, ends);
  return ends;
}

}  // namespace focusllm

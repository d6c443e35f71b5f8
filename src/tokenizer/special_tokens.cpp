#include "tokenizer/special_tokens.h"

#include <algorithm>

namespace focusllm {
namespace {

/// Text that follows text, without a token between, is one fragment with it.
void append(std::vector<Fragment>& fragments, Fragment fragment) {
  if (fragments.empty() || fragment.token >= 0 || fragments.back().token >= 0) {
    fragments.push_back(fragment);
    return;
  }
  std::string_view& text = fragments.back().text;
  text = {text.data(), text.size() + fragment.text.size()};
}

}  // namespace

/// The ranks of the names seen in a stretch of text, each once.
class SpecialTokens::Found {
 public:
  explicit Found(std::size_t names) : seen_(names) {}
  void add(std::uint32_t rank) {
    if (!seen_[rank]) ranks_.push_back(rank);
    seen_[rank] = true;
  }
  /// In ascending order; empty afterwards.
  std::vector<std::uint32_t> take() {
    std::vector<std::uint32_t> ranks = std::move(ranks_);
    std::sort(ranks.begin(), ranks.end());
    for (const std::uint32_t rank : ranks) seen_[rank] = false;
    ranks_.clear();
    return ranks;
  }

 private:
  std::vector<bool> seen_;
  std::vector<std::uint32_t> ranks_;
};

SpecialTokens::SpecialTokens(const Vocabulary& vocabulary, std::uint8_t kind_bits, std::uint8_t not_bits)
    : ranks_(1, -1) {
  for (Token token = 0; token < vocabulary.size(); ++token) {
    const std::string& text = vocabulary.texts[static_cast<std::size_t>(token)];
    if (vocabulary.is(token, kind_bits) && !vocabulary.is(token, not_bits) && !text.empty())
      names_.push_back({text, token});
  }
  std::stable_sort(names_.begin(), names_.end(),
                   [](const Name& a, const Name& b) { return a.text.size() > b.text.size(); });
  for (std::uint32_t rank = 0; rank < names_.size(); ++rank) add(rank);
}

void SpecialTokens::add(std::uint32_t rank) {
  const std::string_view text = names_[rank].text;
  begins_[static_cast<unsigned char>(text[0])] = true;
  std::uint32_t node = 0;
  for (const char c : text) {
    const auto next = static_cast<std::uint32_t>(ranks_.size());
    node = children_.insert(std::uint64_t{node} << 8 | static_cast<unsigned char>(c), next);
    if (node == next) ranks_.push_back(-1);
  }
  ranks_[node] = static_cast<std::int32_t>(rank);
}

std::size_t SpecialTokens::match(std::string_view text, std::size_t at, Found& found) const {
  std::size_t end = at;
  std::uint32_t node = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const auto* child = children_.find(std::uint64_t{node} << 8 | static_cast<unsigned char>(text[i]));
    if (!child) break;
    node = *child;
    if (ranks_[node] < 0) continue;
    found.add(static_cast<std::uint32_t>(ranks_[node]));
    end = i + 1;
  }
  return end;
}

std::vector<Fragment> SpecialTokens::split(std::string_view text) const {
  std::vector<Fragment> fragments;
  Found found(names_.size());
  std::size_t plain = 0;  // where the text that is not handed out yet begins
  for (std::size_t at = 0; at < text.size();) {
    if (!begins_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    // Names that overlap are settled together, with nothing reaching into them from outside.
    std::size_t end = match(text, at, found);
    for (std::size_t i = at + 1; i < end; ++i) end = std::max(end, match(text, i, found));
    if (end == at) {
      ++at;
      continue;
    }
    if (at > plain) append(fragments, {text.substr(plain, at - plain)});
    resolve(text.substr(at, end - at), found, fragments);
    plain = at = end;
  }
  if (plain < text.size()) append(fragments, {text.substr(plain)});
  return fragments;
}

void SpecialTokens::resolve(std::string_view text, Found& found, std::vector<Fragment>& fragments) const {
  std::vector<Fragment> settled = {{text}};
  for (const std::uint32_t rank : found.take()) {
    const Name& name = names_[rank];
    std::vector<Fragment> next;
    for (Fragment fragment : settled) {
      std::size_t at = fragment.token < 0 ? fragment.text.find(name.text) : std::string_view::npos;
      for (; at != std::string_view::npos; at = fragment.text.find(name.text)) {
        if (at > 0) next.push_back({fragment.text.substr(0, at)});
        next.push_back({name.text, name.token});
        fragment.text.remove_prefix(at + name.text.size());
      }
      if (!fragment.text.empty()) next.push_back(fragment);
    }
    settled = std::move(next);
  }
  for (const Fragment& fragment : settled) append(fragments, fragment);
}

bool SpecialTokens::end_of(std::string_view text) const {
  return std::any_of(names_.begin(), names_.end(),
                     [&](const Name& name) { return text.ends_with(name.text); });
}

}  // namespace focusllm

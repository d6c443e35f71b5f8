#include "context/recall/heads.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"

namespace focusllm::context {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw UsageError(
      fmt::format("`heads` \"{}\": give layer and head of each, counted from 0; heads with + between them "
                  "count together, each its share if it is not 1; behind them stand what they count, if that "
                  "is not 1, and to which power, up to 3: like 2.4,15.6+15.7:0.5*0.3,8.0*3^2",
                  text),
      "heads");
}

template <typename Number>
Number parse_number(std::string_view text, std::string_view all) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number >= 0 && number < Number{1000000}))
    refuse(all);
  return number;
}

/// Parts with `mark` between them, of which none is missing.
std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0;;) {
    const std::size_t end = std::min(text.find(mark, from), text.size());
    parts.push_back(text.substr(from, end - from));
    if (end == text.size()) return parts;
    from = end + 1;
  }
}

/// What stands behind the first `mark` of the text, which loses both; `missing` where there is no mark.
template <typename Number>
Number take_behind(char mark, std::string_view& text, Number missing, std::string_view all) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return missing;
  const auto number = parse_number<Number>(text.substr(at + 1), all);
  text = text.substr(0, at);
  return number;
}

QueryHead parse_head(std::string_view text, std::string_view all) {
  const auto share = take_behind(':', text, 1.0F, all);
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || share == 0) refuse(all);
  return {parse_number<int>(text.substr(0, dot), all), parse_number<int>(text.substr(dot + 1), all), share};
}

HeadGroup parse_group(std::string_view text, std::string_view all) {
  HeadGroup group;
  group.power = take_behind('^', text, 1, all);
  group.weight = take_behind('*', text, 1.0F, all);
  if (group.weight == 0 || group.power < 1 || group.power > 3) refuse(all);
  for (const std::string_view head : split(text, '+')) group.heads.push_back(parse_head(head, all));
  return group;
}

}  // namespace

std::vector<HeadGroup> parse_heads(std::string_view text) {
  std::vector<HeadGroup> groups;
  for (const std::string_view group : split(text, ',')) groups.push_back(parse_group(group, text));
  std::set<std::pair<int, int>> all;
  for (const QueryHead& head : heads_of(groups))
    if (!all.emplace(head.layer, head.head).second) refuse(text);
  return groups;
}

std::string format_heads(std::span<const HeadGroup> groups) {
  std::vector<std::string> words;
  for (const HeadGroup& group : groups) {
    std::vector<std::string> heads;
    for (const QueryHead& head : group.heads) {
      heads.push_back(fmt::format("{}.{}", head.layer, head.head));
      if (head.share != 1) heads.back() += fmt::format(":{}", head.share);
    }
    words.push_back(fmt::format("{}", fmt::join(heads, "+")));
    if (group.weight != 1) words.back() += fmt::format("*{}", group.weight);
    if (group.power != 1) words.back() += fmt::format("^{}", group.power);
  }
  return fmt::format("{}", fmt::join(words, ","));
}

std::vector<QueryHead> heads_of(std::span<const HeadGroup> groups) {
  std::vector<QueryHead> heads;
  for (const HeadGroup& group : groups) heads.insert(heads.end(), group.heads.begin(), group.heads.end());
  return heads;
}

void check_heads(std::span<const QueryHead> heads, const model::Spec& spec) {
  for (const QueryHead& head : heads) {
    if (head.layer >= spec.layers || head.head >= spec.heads.heads) {
      throw UsageError(fmt::format("`heads` {}.{}: the model has {} layers with {} query heads", head.layer,
                                   head.head, spec.layers, spec.heads.heads),
                       "heads");
    }
    if (spec.window(head.layer) > 0) {
      throw UsageError(fmt::format("`heads` {}.{}: that layer sees its last {} tokens and no others",
                                   head.layer, head.head, spec.window(head.layer)),
                       "heads");
    }
  }
}

int layers_of(std::span<const QueryHead> heads) {
  int layers = 0;
  for (const QueryHead& head : heads) layers = std::max(layers, head.layer + 1);
  return layers;
}

std::vector<QueryHead> all_heads(const model::Spec& spec) {
  std::vector<QueryHead> heads;
  for (int layer = 0; layer < spec.layers; ++layer) {
    for (int head = 0; spec.window(layer) == 0 && head < spec.heads.heads; ++head)
      heads.push_back({layer, head});
  }
  return heads;
}

std::vector<KeyHead> key_heads(std::span<const QueryHead> heads, const attention::HeadShape& shape) {
  const int group = shape.heads / shape.kv_heads;
  std::map<std::pair<int, int>, std::vector<std::pair<int, std::size_t>>> readers;  // head, place
  for (std::size_t i = 0; i < heads.size(); ++i)
    readers[{heads[i].layer, heads[i].head / group}].push_back({heads[i].head, i});
  std::vector<KeyHead> all;
  for (auto& [where, by] : readers) {
    std::ranges::sort(by);
    KeyHead& one = all.emplace_back(KeyHead{where.first, where.second, {}, {}});
    for (const auto& [head, place] : by) {
      one.heads.push_back(head);
      one.of.push_back(place);
    }
  }
  return all;
}

}  // namespace focusllm::context

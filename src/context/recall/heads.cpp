#include "context/recall/heads.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/ranges.h>

#include "base/error.h"

namespace focusllm::context {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw UsageError(
      fmt::format(
          "`heads` \"{}\": give layer and head of each, counted from 0, and, where it is not 1, what it "
          "counts and to which power, up to 3, like 2.4,15.6*0.3,8.0*3^2",
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

QueryHead parse_head(std::string_view text, std::string_view all) {
  const std::size_t hat = std::min(text.find('^'), text.size());
  const std::size_t star = std::min(text.find('*'), hat);
  const std::string_view place = text.substr(0, star);
  const std::size_t dot = place.find('.');
  if (dot == std::string_view::npos) refuse(all);
  QueryHead head{parse_number<int>(place.substr(0, dot), all), parse_number<int>(place.substr(dot + 1), all)};
  if (star < hat) head.weight = parse_number<float>(text.substr(star + 1, hat - star - 1), all);
  if (hat < text.size()) head.power = parse_number<int>(text.substr(hat + 1), all);
  if (head.weight == 0 || head.power < 1 || head.power > 3) refuse(all);
  return head;
}

}  // namespace

std::vector<QueryHead> parse_heads(std::string_view text) {
  std::vector<QueryHead> heads;
  for (std::string_view rest = text; !rest.empty() || heads.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const QueryHead head = parse_head(rest.substr(0, comma), text);
    const auto same = [&](const QueryHead& one) { return one.layer == head.layer && one.head == head.head; };
    if (std::ranges::any_of(heads, same)) refuse(text);
    heads.push_back(head);
    if (comma == rest.size()) return heads;
    rest.remove_prefix(comma + 1);
    if (rest.empty()) refuse(text);
  }
  return heads;
}

std::string format_heads(std::span<const QueryHead> heads) {
  std::vector<std::string> words;
  for (const QueryHead& head : heads) {
    words.push_back(fmt::format("{}.{}", head.layer, head.head));
    if (head.weight != 1) words.back() += fmt::format("*{}", head.weight);
    if (head.power != 1) words.back() += fmt::format("^{}", head.power);
  }
  return fmt::format("{}", fmt::join(words, ","));
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

#include "engine/calibration/search.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace focusllm::calibration {
namespace {

constexpr std::size_t kRanks[] = {2, 8, 32};  // always shown; usually; among more of a text to look through
constexpr double kWorthOfAllLayers = 0.1;     // of the gain: what reading all of them may cost
constexpr double kWorthOfAHead = 0.02;        // and what keeping its keys may cost
constexpr float kWeights[] = {1, 0.3F, 3, 0.1F, 10};
constexpr int kPowers[] = {1, 2, 3};
constexpr std::size_t kStarts = 3;   // first heads of each kind, and twice as many on the whole
constexpr double kLeastGain = 0.25;  // of the best heads together, else they are of no use

/// How many of kRanks the best right block reaches, as a share.
double found(const std::vector<float>& scores, std::size_t first, std::size_t last) {
  float right = 0;
  for (std::size_t block = first; block < last; ++block) right = std::max(right, scores[block]);
  if (right <= 0) return 0;
  std::size_t rank = 1;
  for (std::size_t block = 0; block < scores.size(); ++block)
    rank += (block < first || block >= last) && scores[block] >= right ? 1 : 0;
  const auto reached = std::ranges::count_if(kRanks, [&](std::size_t least) { return rank <= least; });
  return static_cast<double>(reached) / static_cast<double>(std::size(kRanks));
}

double& part(Gain& gain, Kind kind) {
  if (kind == Kind::facts) return gain.facts;
  return kind == Kind::pairs ? gain.pairs : gain.paraphrases;
}

/// Some heads, and for each case the largest score of each block that they give.
class Choice {
 public:
  explicit Choice(std::span<const Case> cases) : cases_(cases) {
    for (const Case& one : cases) best_.emplace_back(one.scores.front().size(), 0.0F);
  }
  void take(const Weighted& more) {
    for (std::size_t i = 0; i < cases_.size(); ++i) add(i, more, best_[i]);
    heads_.push_back(more);
  }
  Gain gain() const { return gain_with({0, 0}); }
  /// With one more; one that weighs nothing is none.
  Gain gain_with(const Weighted& more) const {
    Gain gain;
    std::array<double, kKinds.size()> count{};
    std::vector<float> scores;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      scores = best_[i];
      if (more.weight > 0) add(i, more, scores);
      part(gain, cases_[i].kind) += found(scores, cases_[i].first, cases_[i].last);
      ++count[static_cast<std::size_t>(cases_[i].kind)];
    }
    for (const Kind kind : kKinds) part(gain, kind) /= std::max(1.0, count[static_cast<std::size_t>(kind)]);
    return gain;
  }
  const std::vector<Weighted>& heads() const { return heads_; }

 private:
  void add(std::size_t index, const Weighted& more, std::vector<float>& scores) const {
    const std::vector<float>& added = cases_[index].scores[more.head];
    const context::QueryHead head{.weight = more.weight, .power = more.power};
    for (std::size_t block = 0; block < scores.size(); ++block)
      scores[block] = std::max(scores[block], head.weighed(added[block]));
  }
  std::span<const Case> cases_;
  std::vector<std::vector<float>> best_;
  std::vector<Weighted> heads_;
};

/// The search for heads: from each of some first ones on, the next that brings most, one after the other.
class Search {
 public:
  Search(std::span<const Case> cases, std::span<const context::QueryHead> heads, int layers, std::size_t most)
      : cases_(cases), heads_(heads), layers_(layers), most_(most) {}

  std::vector<Weighted> run() {
    for (const std::size_t first : first_heads()) go_on_from(first);
    if (gain_of(cases_, best_).mean() < kLeastGain) return {};
    return best_;
  }

 private:
  /// The heads that are best alone: on the whole, and for each kind of question.
  std::vector<std::size_t> first_heads() const {
    std::vector<Gain> gains;
    for (std::size_t head = 0; head < heads_.size(); ++head)
      gains.push_back(Choice(cases_).gain_with({head, 1}));
    std::vector<std::size_t> order(heads_.size()), firsts;
    const auto take_best = [&](std::size_t count, auto value) {
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t head) {
        return value(gains[head]) - cost(heads_[head].layer + 1, 1);
      });
      firsts.insert(firsts.end(), order.begin(),
                    order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size())));
    };
    take_best(2 * kStarts, [](const Gain& gain) { return gain.mean(); });
    for (const Kind kind : kKinds) take_best(kStarts, [kind](Gain gain) { return part(gain, kind); });
    std::ranges::sort(firsts);
    firsts.erase(std::unique(firsts.begin(), firsts.end()), firsts.end());
    return firsts;
  }

  void go_on_from(std::size_t first) {
    Choice choice(cases_);
    choice.take({first, 1});
    int depth = heads_[first].layer + 1;
    double worth = choice.gain().mean() - cost(depth, 1);
    while (choice.heads().size() < most_) {
      const auto [next, more] = next_head(choice, depth);
      if (more <= worth) break;
      choice.take(next);
      depth = std::max(depth, heads_[next.head].layer + 1);
      worth = more;
    }
    if (worth <= best_worth_) return;
    best_worth_ = worth;
    best_ = choice.heads();
  }

  std::pair<Weighted, double> next_head(const Choice& choice, int depth) const {
    std::pair<Weighted, double> best{{}, -1};
    for (std::size_t head = 0; head < heads_.size(); ++head) {
      const double price = cost(std::max(depth, heads_[head].layer + 1), choice.heads().size() + 1);
      if (1 - price <= best.second) continue;
      for (const int power : kPowers) {
        for (const float weight : kWeights) {
          const double worth = choice.gain_with({head, weight, power}).mean() - price;
          if (worth > best.second) best = {{head, weight, power}, worth};
        }
      }
    }
    return best;
  }
  double cost(int depth, std::size_t heads) const {
    return kWorthOfAllLayers * depth / layers_ + kWorthOfAHead * static_cast<double>(heads);
  }

  std::span<const Case> cases_;
  std::span<const context::QueryHead> heads_;
  int layers_;
  std::size_t most_;
  std::vector<Weighted> best_;
  double best_worth_ = -1;
};

}  // namespace

Gain gain_of(std::span<const Case> cases, std::span<const Weighted> heads) {
  if (cases.empty()) return {};
  Choice choice(cases);
  for (const Weighted& head : heads) choice.take(head);
  return choice.gain();
}

std::vector<Weighted> choose_heads(std::span<const Case> cases, std::span<const context::QueryHead> heads,
                                   int layers, std::size_t most) {
  if (cases.empty() || heads.empty()) return {};
  return Search(cases, heads, layers, most).run();
}

}  // namespace focusllm::calibration

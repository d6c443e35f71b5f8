#include "engine/calibration/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "context/recall/score.h"
#include "engine/calibration/likelihood.h"

namespace focusllm::calibration {
namespace {

using context::HeadGroup;
using context::QueryHead;

constexpr std::size_t kRanks[] = {2, 8, 32};  // always shown; usually; among more of a text to look through
// A text that is longer than those here has more that is like what is asked for: facts and pairs have to be
// found with so much of the right place's scores, too.
constexpr float kFainter[] = {1, 0.5F, 0.25F, 0.12F};
constexpr double kWorthOfAllLayers = 0.4;
constexpr double kWorthOfAKeyHead = 0.005;  // and what keeping its keys may cost
constexpr double kWorthOfANat = 0.05;       // less in which paraphrases leave their place
constexpr double kNatsOfAllLayers = 5;
constexpr float kWeights[] = {1, 2, 3, 5, 8, 12, 20};
constexpr int kMostPower = 3;
constexpr std::size_t kKeyHeadsOfParaphrases = 2;
constexpr std::size_t kTried = 8;     // key heads that are tried for names
constexpr float kLeastShare = 0.04F;  // of a group: heads with less are left out
constexpr int kFirstSteps = 20;       // to compare groups by
constexpr int kLastSteps = 100;
constexpr double kLeastGain = 0.25;  // of the best groups together, else they are of no use

/// How many of kRanks the best right block reaches, as a share.
double found(std::span<const float> scores, std::size_t first, std::size_t last) {
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

/// One question as it is scored: a case, and how faint its right blocks are.
struct Trial {
  const Case* question;
  float fainter;
};
using Scores = std::vector<std::vector<float>>;  ///< [trials][blocks]

std::vector<Trial> trials_of(std::span<const Case> cases, std::span<const float> fainter) {
  std::vector<Trial> trials;
  for (const Case& one : cases)
    for (const float factor : fainter)
      if (factor == 1 || one.kind != Kind::paraphrases) trials.push_back({&one, factor});
  return trials;
}

/// What the cases say, by the heads' numbers.
class Heads {
 public:
  explicit Heads(std::span<const QueryHead> heads) : heads_(heads) {
    for (std::size_t i = 0; i < heads.size(); ++i) numbers_[{heads[i].layer, heads[i].head}] = i;
  }
  /// Of one group, before its weight and power.
  Scores said(std::span<const Trial> trials, const HeadGroup& group) const {
    Scores all;
    for (const Trial& trial : trials) {
      std::vector<std::vector<float>> faint;
      for (const QueryHead& head : group.heads) {
        faint.push_back(trial.question->scores[number(head)]);
        for (std::size_t block = trial.question->first; block < trial.question->last; ++block)
          faint.back()[block] *= trial.fainter;
      }
      const std::vector<std::span<const float>> scores(faint.begin(), faint.end());
      all.push_back(context::group_scores(group, scores));
    }
    return all;
  }
  std::size_t number(const QueryHead& head) const { return numbers_.at({head.layer, head.head}); }
  const QueryHead& operator[](std::size_t number) const { return heads_[number]; }
  std::size_t count() const { return heads_.size(); }

 private:
  std::span<const QueryHead> heads_;
  std::map<std::pair<int, int>, std::size_t> numbers_;
};

/// Makes each block's score the larger of two.
void take_larger(const HeadGroup& group, std::span<const float> said, std::vector<float>& best) {
  best.resize(said.size(), 0.0F);
  for (std::size_t block = 0; block < said.size(); ++block)
    best[block] = std::max(best[block], group.weighed(said[block]));
}

Gain gain_of_trials(std::span<const Trial> trials, const Scores& scores) {
  Gain gain;
  std::array<double, kKinds.size()> count{};
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Case& one = *trials[i].question;
    part(gain, one.kind) += found(scores[i], one.first, one.last);
    ++count[static_cast<std::size_t>(one.kind)];
  }
  for (const Kind kind : kKinds) part(gain, kind) /= std::max(1.0, count[static_cast<std::size_t>(kind)]);
  return gain;
}

/// The search: heads for paraphrases by likelihood, then what finds names beside them.
class Search {
 public:
  Search(std::span<const Case> cases, std::span<const QueryHead> heads, int layers, int readers)
      : heads_(heads), layers_(layers), readers_(readers), trials_(trials_of(cases, kFainter)) {
    for (const Case& one : cases) (one.kind == Kind::paraphrases ? paraphrases_ : names_).push_back(&one);
    for (std::size_t head = 0; head < heads_.count(); ++head)
      key_heads_[key_head(heads_[head])].push_back(head);
  }

  std::vector<HeadGroup> run() {
    const std::vector<HeadGroup> names = name_groups();
    nats_ = nats_of_chance();
    std::vector<Scores> said;
    for (const HeadGroup& group : names) {
      said.push_back(heads_.said(trials_, group));
      judge({group}, said.back());
    }
    for (const auto& [first, loss] : paraphrase_groups()) {
      nats_ = loss;
      const Scores of_first = heads_.said(trials_, first);
      judge({first}, of_first);
      for (std::size_t i = 0; i < names.size(); ++i) try_both(first, of_first, names[i], said[i]);
    }
    return best_;
  }

 private:
  using Place = std::pair<int, int>;  ///< layer and key head
  Place key_head(const QueryHead& head) const { return {head.layer, head.head / readers_}; }

  std::vector<std::size_t> readers_of(const std::set<Place>& places) const {
    std::vector<std::size_t> all;
    for (const Place& place : places) {
      const std::vector<std::size_t>& heads = key_heads_.at(place);
      all.insert(all.end(), heads.begin(), heads.end());
    }
    return all;
  }

  /// Of the heads that read some key heads, those that count, with their shares to a hundredth, and the nats
  /// that all of them leave.
  std::pair<HeadGroup, double> group_of(std::span<const Case* const> cases,
                                        const std::set<Place>& places) const {
    const std::vector<std::size_t> numbers = readers_of(places);
    const Fit fitted = fit(cases, numbers, kLastSteps);
    float all = 0;
    for (const float exponent : fitted.exponents) all += exponent;
    HeadGroup group;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const float share = fitted.exponents[i] / all;
      if (!(share >= kLeastShare)) continue;
      group.heads.push_back(heads_[numbers[i]]);
      group.heads.back().share = std::round(share * 100) / 100;
    }
    if (group.heads.empty()) group.heads.push_back(heads_[numbers.front()]);  // none says anything
    if (group.heads.size() == 1) group.heads.front().share = 1;
    return {std::move(group), fitted.loss};
  }

  /// Heads of the key head that is likeliest to find them, and these with another one's.
  std::vector<std::pair<HeadGroup, double>> paraphrase_groups() const {
    std::vector<std::pair<HeadGroup, double>> groups;
    if (paraphrases_.empty()) return groups;
    std::set<Place> chosen;
    while (groups.size() < std::min(kKeyHeadsOfParaphrases, key_heads_.size())) {
      std::pair<double, Place> best{1e9, {}};
      for (const auto& [place, heads] : key_heads_) {
        std::set<Place> more = chosen;
        if (more.insert(place).second) best = std::min(best, {cost_of(paraphrases_, more), place});
      }
      chosen.insert(best.second);
      groups.push_back(group_of(paraphrases_, chosen));
    }
    return groups;
  }

  /// The nats that some key heads leave a question's place in, and what reading their layers costs.
  double cost_of(std::span<const Case* const> cases, const std::set<Place>& places) const {
    return fit(cases, readers_of(places), kFirstSteps).loss +
           kNatsOfAllLayers * (places.rbegin()->first + 1) / layers_;
  }

  /// Of the key heads that are likeliest to find names: their heads together, and each by itself.
  std::vector<HeadGroup> name_groups() const {
    std::vector<HeadGroup> groups;
    if (names_.empty()) return groups;
    std::vector<std::pair<double, Place>> order;
    for (const auto& [place, heads] : key_heads_) order.emplace_back(cost_of(names_, {place}), place);
    std::ranges::sort(order);
    order.resize(std::min(order.size(), kTried));
    for (const auto& [loss, place] : order) {
      HeadGroup together = group_of(names_, {place}).first;
      if (together.heads.size() > 1) groups.push_back(std::move(together));
      for (const std::size_t head : key_heads_.at(place)) groups.push_back({{heads_[head]}});
    }
    return groups;
  }

  void try_both(const HeadGroup& first, const Scores& of_first, HeadGroup second, const Scores& of_second) {
    const auto in_first = [&](const QueryHead& head) {
      return std::ranges::any_of(first.heads,
                                 [&](const QueryHead& one) { return number(one) == number(head); });
    };
    if (std::ranges::any_of(second.heads, in_first)) return;
    for (second.power = 1; second.power <= kMostPower; ++second.power) {
      for (const float weight : kWeights) {
        second.weight = weight;
        Scores both = of_first;
        for (std::size_t i = 0; i < both.size(); ++i) take_larger(second, of_second[i], both[i]);
        judge({first, second}, both);
      }
    }
  }
  std::size_t number(const QueryHead& head) const { return heads_.number(head); }

  /// Where no head says anything of paraphrases.
  double nats_of_chance() const {
    if (paraphrases_.empty()) return 0;
    return std::log(static_cast<double>(paraphrases_.front()->scores.front().size()));
  }

  void judge(std::vector<HeadGroup> groups, const Scores& scores) {
    std::set<Place> places;
    for (const QueryHead& head : context::heads_of(groups)) places.insert(key_head(head));
    const Gain gain = gain_of_trials(trials_, scores);
    if (gain.mean() < kLeastGain || places.empty()) return;
    const double worth = gain.mean() - kWorthOfAllLayers * (places.rbegin()->first + 1) / layers_ -
                         kWorthOfAKeyHead * static_cast<double>(places.size()) - kWorthOfANat * nats_;
    if (worth <= best_worth_) return;
    best_worth_ = worth;
    best_ = std::move(groups);
  }

  Heads heads_;
  int layers_, readers_;
  std::vector<Trial> trials_;
  std::vector<const Case*> paraphrases_, names_;
  std::map<Place, std::vector<std::size_t>> key_heads_;
  double nats_ = 0;  ///< of a paraphrase, by the group for these that is tried
  std::vector<HeadGroup> best_;
  double best_worth_ = -1e9;
};

}  // namespace

Gain gain_of(std::span<const Case> cases, std::span<const QueryHead> heads,
             std::span<const HeadGroup> groups) {
  constexpr float kAsItIs[] = {1};
  const std::vector<Trial> trials = trials_of(cases, kAsItIs);
  const Heads all(heads);
  Scores best(trials.size());
  for (const HeadGroup& group : groups) {
    const Scores said = all.said(trials, group);
    for (std::size_t i = 0; i < best.size(); ++i) take_larger(group, said[i], best[i]);
  }
  return groups.empty() ? Gain{} : gain_of_trials(trials, best);
}

std::vector<HeadGroup> choose_heads(std::span<const Case> cases, std::span<const QueryHead> heads, int layers,
                                    int readers) {
  if (cases.empty() || heads.empty()) return {};
  return Search(cases, heads, layers, readers).run();
}

}  // namespace focusllm::calibration

#include "engine/calibration/likelihood.h"

#include <algorithm>
#include <cmath>

#include "context/recall/score.h"

namespace focusllm::calibration {
namespace {

constexpr float kStart = 0.1F;
constexpr float kPenalty = 0.03F;  // of the exponents' squares: nats

/// What some heads say of the blocks of one text, as logarithms.
struct Question {
  std::vector<std::vector<float>> logs;  ///< [heads][blocks]
  std::size_t first, last;               ///< the right blocks
};

/// The loss and its slopes at some exponents.
struct Point {
  std::vector<float> exponents, slopes;
  double loss = 0;
};

class Likelihood {
 public:
  Likelihood(std::span<const Case* const> cases, std::span<const std::size_t> heads) {
    for (const Case* one : cases) {
      Question& question = questions_.emplace_back(Question{{}, one->first, one->last});
      for (const std::size_t head : heads) question.logs.push_back(context::logs_of(one->scores[head]));
    }
  }

  Point at(std::vector<float> exponents) const {
    Point point{std::move(exponents), {}, 0};
    point.slopes.assign(point.exponents.size(), 0.0F);
    for (const Question& question : questions_) add(question, point);
    for (std::size_t head = 0; head < point.exponents.size(); ++head) {
      const float exponent = point.exponents[head];
      point.slopes[head] += 2 * kPenalty * exponent;
      point.loss += static_cast<double>(kPenalty * exponent * exponent);
    }
    return point;
  }

 private:
  void add(const Question& question, Point& point) const {
    const std::size_t blocks = question.logs.front().size();
    std::vector<float> likely(blocks, 0.0F);
    for (std::size_t head = 0; head < question.logs.size(); ++head)
      for (std::size_t block = 0; block < blocks; ++block)
        likely[block] += point.exponents[head] * question.logs[head][block];
    const float most = *std::ranges::max_element(likely);
    double all = 0, right = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
      likely[block] = std::exp(likely[block] - most);
      all += static_cast<double>(likely[block]);
      if (block >= question.first && block < question.last) right += static_cast<double>(likely[block]);
    }
    right = std::max(right, all * 1e-12);
    const double count = static_cast<double>(questions_.size());
    point.loss -= std::log(right / all) / count;
    for (std::size_t head = 0; head < question.logs.size(); ++head) {
      double of_all = 0, of_right = 0;
      for (std::size_t block = 0; block < blocks; ++block) {
        const double one = static_cast<double>(likely[block] * question.logs[head][block]);
        of_all += one;
        if (block >= question.first && block < question.last) of_right += one;
      }
      point.slopes[head] += static_cast<float>((of_all / all - of_right / right) / count);
    }
  }

  std::vector<Question> questions_;
};

}  // namespace

Fit fit(std::span<const Case* const> cases, std::span<const std::size_t> heads, int steps) {
  const Likelihood likelihood(cases, heads);
  Point best = likelihood.at(std::vector<float>(heads.size(), kStart));
  float stride = 1;
  for (int step = 0; step < steps; ++step) {
    std::vector<float> next = best.exponents;
    for (std::size_t head = 0; head < next.size(); ++head)
      next[head] = std::max(0.0F, next[head] - stride * best.slopes[head]);
    Point point = likelihood.at(std::move(next));
    const bool better = point.loss < best.loss;
    stride *= better ? 1.5F : 0.3F;
    if (better) best = std::move(point);
  }
  return {std::move(best.exponents), best.loss};
}

}  // namespace focusllm::calibration

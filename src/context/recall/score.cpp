#include "context/recall/score.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attention/attend.h"
#include "base/ceil_div.h"

namespace focusllm::context {
namespace {

constexpr std::int64_t kNeighbours = 8;                 // tokens whose scores are averaged
constexpr std::int64_t kPiece = std::int64_t{1} << 14;  // tokens that one thread goes through at a time

constexpr float kOfTheMean = 0.3F;  // of a head's scores: what is added to each in a group
constexpr float kLeast = 1e-6F;

/// One key head over the text, in pieces for the threads.
class Scorer {
 public:
  Scorer(const HeadKeys& keys, std::size_t key_head, std::span<const float> queries, std::int64_t rows,
         float scale, const Scoring& scoring)
      : keys_(keys), key_head_(key_head), scoring_(scoring) {
    block_.shape = keys.keys(key_head).shape();
    block_.type = keys.keys(key_head).type();
    block_.isa = scoring.isa;
    block_.rows = rows;
    std::int64_t from = scoring.first;
    for (const TokenRange& left_out : scoring.without) {
      add_pieces(from, left_out.first);
      from = left_out.end;
    }
    add_pieces(from, scoring.end);
    for (const Piece& piece : pieces_)
      parts_.push_back(
          {.queries = queries.data(), .visible = attention::kEverything, .scale = scale, .runs = piece.runs});
  }

  /// scores: one vector for each query head of the key head, [blocks].
  void run(std::span<std::vector<float>* const> scores) {
    const auto heads = static_cast<std::size_t>(block_.shape.heads);
    const std::size_t queries = static_cast<std::size_t>(block_.rows) * heads;
    std::vector<float> lse(queries);
    block_.parts = parts_;
    attention::log_sums(block_, lse.data());
    // The square of a probability is that of twice the logits.
    for (float& one : lse) one *= 2;
    std::vector<float> paid;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const std::int64_t tokens = pieces_[i].tokens;
      paid.assign(heads * static_cast<std::size_t>(tokens), 0.0F);
      attention::Part squares = parts_[i];
      squares.scale *= 2;
      attention::column_sums(block_, squares, lse.data(), paid.data(), tokens);
      for (float& one : paid) one = std::sqrt(one);
      for (std::size_t head = 0; head < heads; ++head)
        add_blocks(pieces_[i],
                   std::span(paid).subspan(head * static_cast<std::size_t>(tokens),
                                           static_cast<std::size_t>(tokens)),
                   *scores[head]);
    }
  }

 private:
  struct Piece {
    std::int64_t first = 0, tokens = 0;
    std::vector<attention::KvRun> runs;
  };

  void add_pieces(std::int64_t first, std::int64_t end) {
    for (; first < end; first += kPiece) {
      Piece& piece = pieces_.emplace_back();
      piece.first = first;
      piece.tokens = std::min(kPiece, end - first);
      keys_.add_runs(key_head_, first, first + piece.tokens, piece.runs);
    }
  }

  /// A token's score is the mean over it and those behind it, as far as the piece has them.
  void add_blocks(const Piece& piece, std::span<const float> paid, std::vector<float>& scores) const {
    double sum = 0;
    const std::int64_t tokens = piece.tokens;
    const std::int64_t width = std::min(kNeighbours, tokens);
    for (std::int64_t i = 0; i < width; ++i) sum += paid[static_cast<std::size_t>(i)];
    for (std::int64_t i = 0; i < tokens; ++i) {
      const std::int64_t block = (piece.first + i - scoring_.first) / scoring_.block;
      float& best = scores[static_cast<std::size_t>(block)];
      best = std::max(best, static_cast<float>(sum / static_cast<double>(width)));
      sum -= paid[static_cast<std::size_t>(i)];
      if (i + width < tokens) sum += paid[static_cast<std::size_t>(i + width)];
    }
  }

  const HeadKeys& keys_;
  std::size_t key_head_;
  const Scoring& scoring_;
  attention::Block block_;
  std::vector<Piece> pieces_;
  std::vector<attention::Part> parts_;
};

/// What is added to a head's scores before their logarithm is taken.
float above_nothing(std::span<const float> scores) {
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  return kLeast + kOfTheMean * static_cast<float>(sum / static_cast<double>(scores.size()));
}

}  // namespace

BlockScores block_scores(const HeadKeys& keys, const HeadQueries& queries, const Scoring& scoring) {
  const std::int64_t tokens = std::max<std::int64_t>(0, scoring.end - scoring.first);
  const auto blocks = static_cast<std::size_t>(ceil_div(tokens, scoring.block));
  BlockScores scores(keys.query_heads(), std::vector<float>(blocks, 0.0F));
  if (tokens == 0 || queries.rows() == 0) return scores;
  for (std::size_t i = 0; i < keys.heads().size(); ++i) {
    std::vector<std::vector<float>*> of_heads;
    for (const std::size_t place : keys.heads()[i].of) of_heads.push_back(&scores[place]);
    Scorer(keys, i, queries.of(i), queries.rows(), queries.scale(), scoring).run(of_heads);
  }
  return scores;
}

BlockScores of_longer_blocks(const BlockScores& scores, std::int64_t times) {
  BlockScores longer;
  for (const std::vector<float>& one : scores) {
    longer.emplace_back(static_cast<std::size_t>(ceil_div(std::ssize(one), times)), 0.0F);
    for (std::int64_t block = 0; block < std::ssize(one); ++block) {
      float& best = longer.back()[static_cast<std::size_t>(block / times)];
      best = std::max(best, one[static_cast<std::size_t>(block)]);
    }
  }
  return longer;
}

void leave_out(const BlockScores& plain, BlockScores& scores) {
  for (std::size_t head = 0; head < plain.size(); ++head) {
    for (std::size_t block = 0; block < plain[head].size(); ++block) {
      float& score = scores[head][block];
      const float more = score * score - plain[head][block] * plain[head][block];
      score = more > 0 ? std::sqrt(more) : 0.0F;
    }
  }
}

std::vector<float> logs_of(std::span<const float> scores) {
  const float above = above_nothing(scores);
  std::vector<float> logs(scores.size());
  std::ranges::transform(scores, logs.begin(), [above](float score) { return std::log(score + above); });
  return logs;
}

std::vector<float> group_scores(const HeadGroup& group, std::span<const std::span<const float>> scores) {
  if (scores.size() == 1) return {scores.front().begin(), scores.front().end()};
  float shares = 0;
  for (const QueryHead& head : group.heads) shares += head.share;
  std::vector<float> mean(scores.front().size(), 0.0F);  // of logarithms
  float nothing = 0;                                     // where all scores are 0
  for (std::size_t head = 0; head < scores.size(); ++head) {
    const float share = group.heads[head].share / shares;
    const std::vector<float> logs = logs_of(scores[head]);
    for (std::size_t block = 0; block < mean.size(); ++block) mean[block] += share * logs[block];
    nothing += share * std::log(above_nothing(scores[head]));
  }
  for (float& one : mean) one = std::max(0.0F, std::exp(one) - std::exp(nothing));
  return mean;
}

Combined combined(std::span<const HeadGroup> groups, const BlockScores& scores) {
  Combined all;
  std::vector<const HeadGroup*> of;  // whose score a block has
  auto next = scores.begin();
  for (const HeadGroup& group : groups) {
    const std::vector<std::span<const float>> of_group(next, next + std::ssize(group.heads));
    next += std::ssize(group.heads);
    const std::vector<float> said = group_scores(group, of_group);
    all.scores.resize(said.size(), 0.0F);
    all.paid.resize(said.size(), 0.0F);
    of.resize(said.size(), &groups.front());
    for (std::size_t block = 0; block < said.size(); ++block) {
      const float score = group.weighed(said[block]);
      if (score <= all.scores[block]) continue;
      all.scores[block] = score;
      all.paid[block] = said[block];
      of[block] = &group;
    }
  }
  all.shares.resize(all.scores.size(), 0.0F);
  const auto best = std::ranges::max_element(all.scores);
  if (best == all.scores.end() || !(*best > 0)) return all;
  const HeadGroup* loudest = of[static_cast<std::size_t>(best - all.scores.begin())];
  for (std::size_t block = 0; block < all.scores.size(); ++block) {
    const float share = all.scores[block] / *best;
    all.shares[block] =
        of[block] == loudest ? share : std::pow(share, 1 / static_cast<float>(loudest->power));
  }
  return all;
}

}  // namespace focusllm::context

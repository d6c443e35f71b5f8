#include "attention/attend.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>
#include <vector>

#include "attention/spread.h"
#include "base/memory.h"

namespace focusllm::attention {
namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();

struct Result {
  float* out;
  float* lse;
  float* queries = nullptr;  ///< int8: for the part's queries, spread
};

std::size_t lse_size(const Block& block) {
  return static_cast<std::size_t>(block.rows * block.shape.heads);
}
std::size_t out_size(const Block& block) {
  return lse_size(block) * static_cast<std::size_t>(block.shape.dim);
}

/// Where each part of each block has its result: a block's first part in the block itself.
class Results {
 public:
  explicit Results(std::span<const Block> blocks) {
    std::size_t floats = 0;
    for (const Block& block : blocks) {
      if (block.lse == nullptr) floats += lse_size(block);
      if (block.type == KvType::int8) floats += block.parts.size() * out_size(block);
      if (block.parts.size() > 1) floats += (block.parts.size() - 1) * (lse_size(block) + out_size(block));
    }
    memory_.resize(floats);
    next_ = memory_.data();
    for (const Block& block : blocks) {
      first_.push_back(all_.size());
      all_.push_back({block.out, block.lse != nullptr ? block.lse : take(lse_size(block))});
      for (std::size_t i = 1; i < block.parts.size(); ++i) {
        float* out = take(out_size(block));
        all_.push_back({out, take(lse_size(block))});
      }
      for (std::size_t i = 0; block.type == KvType::int8 && i < block.parts.size(); ++i)
        all_[first_.back() + i].queries = take(out_size(block));
    }
  }
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;
  ~Results() { spare() = std::move(memory_); }
  const Result& of(std::size_t block, std::size_t part) const { return all_[first_[block] + part]; }

 private:
  /// This thread's, for the next call; a call within a call has its own.
  static AlignedBuffer<float>& spare() {
    thread_local AlignedBuffer<float> memory;
    return memory;
  }
  float* take(std::size_t floats) {
    float* taken = next_;
    next_ += floats;
    return taken;
  }
  AlignedBuffer<float> memory_ = std::move(spare());
  float* next_;
  std::vector<Result> all_;
  std::vector<std::size_t> first_;  // of each block
};

Problem problem_of(const Block& block, const Part& part, const Result& result) {
  const float* queries = part.queries;
  if (block.type == KvType::int8) {
    spread_heads(block.isa, queries, block.rows * block.shape.heads, block.shape.dim, result.queries);
    queries = result.queries;
  }
  return {.shape = block.shape,
          .use = block.use,
          .type = block.type,
          .isa = block.isa,
          .backend = block.backend,
          .scale = part.scale,
          .queries = queries,
          .positions = part.positions,
          .rows = block.rows,
          .runs = part.runs,
          .visible = part.visible,
          .out = result.out,
          .lse = result.lse};
}

void fill_sink(const Block& block, const float* sink, const Result& result) {
  std::fill_n(result.out, out_size(block), 0.0F);
  for (std::int64_t row = 0; row < block.rows; ++row)
    std::copy_n(sink, block.shape.heads, result.lse + row * block.shape.heads);
}

/// The parts elsewhere that have begun. Whatever happens, each is waited for before its memory goes.
class Begun {
 public:
  explicit Begun(std::span<std::exception_ptr> failures) : failures_(failures) {}
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;
  ~Begun() { finish(); }

  void begin(const Block& block, std::size_t index, const Part& part, const Result& result) {
    waiting_.push_back({part.elsewhere, index, result});
    try {
      part.elsewhere->begin(block, part);
    } catch (...) {
      waiting_.pop_back();
      note(index);
    }
  }
  void finish() {
    for (const Waiting& one : waiting_) {
      try {
        one.part->finish(one.result.out, one.result.lse);
      } catch (...) {
        note(one.block);
      }
    }
    waiting_.clear();
  }

 private:
  struct Waiting {
    Elsewhere* part;
    std::size_t block;
    Result result;
  };
  void note(std::size_t block) {
    if (!failures_[block]) failures_[block] = std::current_exception();
  }
  std::span<std::exception_ptr> failures_;
  std::vector<Waiting> waiting_;
};

}  // namespace

void attend(std::span<const Block> blocks) {
  std::vector<std::exception_ptr> failures(blocks.size());
  attend(blocks, failures);
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

void attend(std::span<const Block> blocks, std::span<std::exception_ptr> failures) {
  const Results results(blocks);
  Begun begun(failures);
  std::vector<Problem> here;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const Block& block = blocks[b];
    if (block.parts.empty()) {
      std::fill_n(block.out, out_size(block), 0.0F);
      std::fill_n(results.of(b, 0).lse, lse_size(block), kNothing);
    }
    for (std::size_t i = 0; i < block.parts.size(); ++i) {
      const Part& part = block.parts[i];
      if (part.elsewhere != nullptr) {
        begun.begin(block, b, part, results.of(b, i));
      } else if (part.sink != nullptr) {
        fill_sink(block, part.sink, results.of(b, i));
      } else {
        here.push_back(problem_of(block, part, results.of(b, i)));
      }
    }
  }
  partial(here);
  for (const Problem& p : here) {
    if (p.type == KvType::int8) gather_heads(p.isa, p.out, p.rows * p.shape.heads, p.shape.dim, p.out);
  }
  begun.finish();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const Result& to = results.of(b, 0);
    for (std::size_t i = 1; i < blocks[b].parts.size(); ++i) {
      const Result& from = results.of(b, i);
      merge(blocks[b].isa, blocks[b].shape, blocks[b].rows, from.out, from.lse, to.out, to.lse);
    }
  }
}

void log_sums(const Block& block, float* lse) {
  const std::size_t heads = lse_size(block), parts = block.parts.size();
  AlignedBuffer<float> sums, queries;
  sums.resize(parts * heads);
  const std::size_t spread = block.type == KvType::int8 ? out_size(block) : 0;
  queries.resize(parts * spread);
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < parts; ++i)
    problems.push_back(
        problem_of(block, block.parts[i], {nullptr, sums.data() + i * heads, queries.data() + i * spread}));
  partial(problems);
  std::fill_n(lse, heads, kNothing);
  for (std::size_t i = 0; i < parts; ++i) merge_sums(heads, sums.data() + i * heads, lse);
}

void collect_columns(const Block& block, const Part& part, Collect collect, const float* lse, float* columns,
                     std::int64_t stride) {
  AlignedBuffer<float> queries;
  if (block.type == KvType::int8) queries.resize(out_size(block));
  collect_columns(problem_of(block, part, {nullptr, nullptr, queries.data()}), collect, lse, columns, stride);
}

}  // namespace focusllm::attention

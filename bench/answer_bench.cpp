// What more rows that answer cost: passes of 1 to 16 rows through a whole model and its head, without
// attention, in turns. usage: answer_bench MODEL.gguf [THREADS]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "base/cpu.h"
#include "base/threads.h"
#include "focusllm/gguf.h"
#include "model/model.h"
#include "model/runner.h"

namespace focusllm {
namespace {

constexpr std::int64_t kRows[] = {1, 2, 4, 8, 16};
constexpr int kTurns = 20;

class NoAttention final : public model::Lane {
 public:
  explicit NoAttention(std::int64_t width) : width_(width) {}
  void attend(const model::LaneRows& rows, std::vector<attention::Block>&) override {
    std::fill_n(rows.out, rows.count * width_, 0.5F);
  }

 private:
  std::int64_t width_;
};

void measure(const std::shared_ptr<const model::Model>& model) {
  model::Runner runner(model);
  NoAttention attention(model->spec().attention_width());
  std::vector<float> logits(static_cast<std::size_t>(std::ranges::max(kRows) * model->spec().vocabulary));
  double best[std::size(kRows)];
  std::ranges::fill(best, 1e9);
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i < std::size(kRows); ++i) {
      model::Pass pass;
      for (std::int64_t row = 0; row < kRows[i]; ++row) {
        const auto token = static_cast<std::int32_t>(100 + row);
        pass.add(attention, {&token, 1}, 0, Use::answer, model::Want::all);
      }
      const auto start = std::chrono::steady_clock::now();
      runner.run(pass);
      model->logits(pass.hidden().data(), kRows[i], logits.data());
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      best[i] = std::min(best[i], seconds.count());
    }
  }
  fmt::print("{:>5} {:>10} {:>10} {:>12}\n", "rows", "ms", "rows/s", "of one row's");
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    const auto rows = static_cast<double>(kRows[i]);
    fmt::print("{:5} {:10.2f} {:10.0f} {:12.2f}\n", kRows[i], best[i] * 1e3, rows / best[i],
               rows / best[i] * best[0]);
  }
}

}  // namespace
}  // namespace focusllm

int main(int count, char** arguments) try {
  using namespace focusllm;
  if (count < 2) {
    fmt::print(stderr, "usage: {} MODEL.gguf [THREADS]\n", arguments[0]);
    return 2;
  }
  set_thread_count(count > 2 ? std::atoi(arguments[2]) : 0);
  const auto model = std::make_shared<model::Model>(gguf::File::open(arguments[1]));
  model->prepare();
  fmt::print("{}, {} threads, kernels for {}\n", cpu_model(), thread_count(), isa_name(model->isa()));
  measure(model);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "answer_bench: {}\n", error.what());
  return 1;
}

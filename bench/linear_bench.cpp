// Rates of Linear at the shapes of SmolLM2-135M: products of many rows against oneDNN's bare int8 product at
// the same shapes, and products of few rows against the machine's read bandwidth. Everything is measured in
// turns in one run, and the best of the turns counts, so that other work on the machine spoils the ratios as
// little as possible.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/threads.h"
#include "tensor/linear.h"

namespace focusllm {
namespace {

struct Shape {
  const char* name;
  std::int64_t inputs;
  std::int64_t outputs;
};
constexpr Shape kShapes[] = {
    {"q|k|v", 576, 960}, {"o", 576, 576}, {"gate|up", 576, 3072}, {"down", 1536, 576}};

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Best time of each of `candidates`, which take turns.
std::vector<double> best_of_turns(const std::vector<std::function<void()>>& candidates, int turns) {
  std::vector<double> best(candidates.size(), 1e9);
  for (int turn = 0; turn < turns; ++turn) {
    for (std::size_t i = 0; i < candidates.size(); ++i) best[i] = std::min(best[i], seconds(candidates[i]));
  }
  return best;
}

std::vector<float> normal(std::int64_t count) {
  static std::mt19937 random(7);
  std::normal_distribution<float> distribution(0, 0.1F);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = distribution(random);
  return values;
}

/// Weights of one matrix in a file's blocks.
struct Weights {
  std::vector<std::byte> bytes;
  BlockMatrix matrix;
};

Weights make_weights(BlockType type, const Shape& shape) {
  const BlockTraits traits = block_traits(type);
  const std::vector<float> values = normal(shape.inputs * shape.outputs);
  Weights weights;
  weights.bytes.resize(values.size() / static_cast<std::size_t>(traits.elements) *
                       static_cast<std::size_t>(traits.bytes));
  quantize(type, values.data(), static_cast<std::int64_t>(values.size()), weights.bytes.data());
  weights.matrix = {type, weights.bytes.data(), shape.outputs, shape.inputs};
  return weights;
}

/// oneDNN's int8 product alone, as it comes: u8 or s8 activations, s32 output.
class BareInt8 {
 public:
  BareInt8(const Shape& shape, std::int64_t rows, dnnl::memory::data_type source)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    const memory::desc a({rows, shape.inputs}, source, memory::format_tag::ab);
    const memory::desc b({shape.inputs, shape.outputs}, memory::data_type::s8, memory::format_tag::any);
    const memory::desc c({rows, shape.outputs}, memory::data_type::s32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc description({a, b, c}, engine_);
    product_ = dnnl::matmul(description);
    a_ = memory(description.src_desc(), engine_);
    b_ = memory(description.weights_desc(), engine_);
    c_ = memory(description.dst_desc(), engine_);
    for (auto* m : {&a_, &b_}) std::memset(m->get_data_handle(), 1, m->get_desc().get_size());
  }
  void run() {
    product_.execute(stream_, {{DNNL_ARG_SRC, a_}, {DNNL_ARG_WEIGHTS, b_}, {DNNL_ARG_DST, c_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul product_;
  dnnl::memory a_;
  dnnl::memory b_;
  dnnl::memory c_;
};

void many_rows(std::int64_t rows) {
  fmt::print("\n{} rows, G operations/s (best of turns)\n{:8} {:>10} {:>10} {:>10} {:>10} {:>10}  share\n",
             rows, "", "bare u8s8", "bare s8s8", "int8", "bf16", "f32");
  std::vector<double> totals(5, 0.0);
  double operations = 0;
  for (const Shape& shape : kShapes) {
    const Weights weights = make_weights(BlockType::q4_1, shape);
    const std::vector<float> x = normal(rows * shape.inputs);
    std::vector<float> y(static_cast<std::size_t>(rows * shape.outputs));
    BareInt8 u8s8(shape, rows, dnnl::memory::data_type::u8);
    BareInt8 s8s8(shape, rows, dnnl::memory::data_type::s8);
    const Linear int8({weights.matrix}, ProductType::int8);
    const Linear bf16({weights.matrix}, ProductType::bf16);
    const Linear f32({weights.matrix}, ProductType::f32);
    const auto apply = [&](const Linear& linear) { return [&] { linear.apply(x.data(), rows, y.data()); }; };
    const auto best =
        best_of_turns({[&] { u8s8.run(); }, [&] { s8s8.run(); }, apply(int8), apply(bf16), apply(f32)}, 25);
    const double work = 2e-9 * static_cast<double>(rows * shape.inputs * shape.outputs);
    operations += work;
    fmt::print("{:8}", shape.name);
    for (std::size_t i = 0; i < best.size(); ++i) {
      totals[i] += best[i];
      fmt::print(" {:10.0f}", work / best[i]);
    }
    fmt::print("  {:3.0f} %\n", 100 * std::min(best[0], best[1]) / best[2]);
  }
  fmt::print("{:8}", "layer");
  for (const double total : totals) fmt::print(" {:10.0f}", operations / total);
  fmt::print("  {:3.0f} % of the faster bare int8 product\n",
             100 * std::min(totals[0], totals[1]) / totals[2]);
}

/// Bytes per second that all threads together read from memory: the best of many pieces, far more than the
/// caches hold.
double read_bandwidth() {
  constexpr std::int64_t kPiece = 1 << 20;
  constexpr std::int64_t kPieces = 128;
  AlignedBuffer<std::int32_t> buffer(static_cast<std::size_t>(kPiece * kPieces / 4));
  std::fill_n(buffer.data(), buffer.size(), 1);
  double best = 1e9;
  std::int64_t sink = 0;
  for (std::int64_t i = 0; i < 8 * kPieces; ++i) {
    const std::int32_t* piece = buffer.data() + i % kPieces * (kPiece / 4);
    best = std::min(best, seconds([&] {
                      std::int32_t sum = 0;
#pragma omp parallel for simd reduction(+ : sum) schedule(static)
                      for (std::int64_t k = 0; k < kPiece / 4; ++k) sum += piece[k];
                      sink += sum;
                    }));
  }
  return sink == 0 ? 0 : static_cast<double>(kPiece) / best;
}

/// A whole model's products: each layer has its own memory, so that no cache helps. The times are sums of
/// each product's best, which other work on the machine disturbs least.
void few_rows(BlockType type, double bandwidth) {
  constexpr int kLayers = 30;
  std::vector<Weights> kinds;
  for (const Shape& shape : kShapes) kinds.push_back(make_weights(type, shape));
  const Weights head = make_weights(BlockType::q8_0, {"head", 576, 49152});
  std::vector<Weights> weights;
  std::vector<Linear> linears;
  std::size_t bytes = head.bytes.size();
  weights.reserve(4 * kLayers);
  for (int layer = 0; layer < kLayers; ++layer) {
    for (const Weights& kind : kinds) {
      weights.push_back(kind);
      weights.back().matrix.data = weights.back().bytes.data();
      linears.emplace_back(std::vector{weights.back().matrix});
      bytes += kind.bytes.size();
    }
  }
  linears.emplace_back(std::vector{head.matrix});
  fmt::print("\n{} layers in {} and a Q8_0 head: {:.1f} MB; {:.0f} tokens/s at {:.1f} GB/s\n", kLayers,
             block_traits(type).name, static_cast<double>(bytes) * 1e-6,
             bandwidth / static_cast<double>(bytes), bandwidth * 1e-9);
  const std::vector<float> x = normal(64 * 1536);
  std::vector<float> y(64 * 49152);
  for (const std::int64_t rows : {1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 64}) {
    std::vector<std::function<void()>> products;
    for (const Linear& linear : linears) {
      products.emplace_back([&linear, &x, &y, rows] {
        linear.apply(x.data(), linear.outputs() > 16384 ? std::min<std::int64_t>(rows, 8) : rows, y.data());
      });
    }
    const auto best = best_of_turns(products, 15);
    std::vector<double> shares(5);
    for (std::size_t i = 0; i < best.size(); ++i) shares[i + 1 == best.size() ? 4 : i % 4] += best[i];
    const double total = std::accumulate(best.begin(), best.end(), 0.0);
    fmt::print("{:3} rows: {:7.3f} ms, {:6.0f} rows/s, {:4.1f} GB/s of the file's bytes;", rows, total * 1e3,
               static_cast<double>(rows) / total, static_cast<double>(bytes) / total * 1e-9);
    for (const double share : shares) fmt::print(" {:.3f}", share * 1e3);
    fmt::print(" ms\n");
  }
}

void packing() {
  std::vector<Weights> weights;
  std::vector<Linear> linears;
  for (const Shape& shape : kShapes) weights.push_back(make_weights(BlockType::q4_1, shape));
  for (int layer = 0; layer < 30; ++layer) {
    for (const Weights& kind : weights) linears.emplace_back(std::vector{kind.matrix}, ProductType::int8);
  }
  const double time = seconds([&] {
    for (const Linear& linear : linears) linear.prepare();
  });
  fmt::print("\nprepare(), 30 layers in int8: {:.3f} s\n", time);
}

}  // namespace
}  // namespace focusllm

/// Arguments choose among many, few and pack; all without any.
int main(int count, char** arguments) {
  using namespace focusllm;
  const auto wanted = [&](std::string_view part) {
    return count < 2 || std::find(arguments + 1, arguments + count, part) != arguments + count;
  };
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  fmt::print("{}, {}, {} threads\n", cpu_model(), isa_name(active_isa()), thread_count());
  if (wanted("pack")) packing();
  if (wanted("many")) {
    many_rows(512);
    many_rows(64);
  }
  if (wanted("few")) few_rows(BlockType::q4_1, read_bandwidth());
}

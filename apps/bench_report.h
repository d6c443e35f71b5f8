#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench_runs.h"
#include "focusllm/measure.h"

namespace focusllm::cli {

/// What was measured on, printed with every result: figures without it mean nothing.
struct BenchMachine {
  std::string cpu, isa, model;
  int threads = 0;
  std::uint64_t seed = 0;
  Peaks peaks;
  std::vector<ProductKernel> products;
  std::map<KvType, std::string> attention_kernels;
  ModelMemory memory;
};

BenchMachine describe_machine(const Engine& engine, std::uint64_t seed);
/// For people; the rows are printed one by one, as they come.
std::string table_head(const BenchMachine& machine);
std::string table_row(const BenchResult& result);
/// What all of it took, once it is over.
std::string table_end();
std::string csv(const BenchMachine& machine, const std::vector<BenchResult>& results);
std::string json(const BenchMachine& machine, const std::vector<BenchResult>& results);

}  // namespace focusllm::cli

#include "bench_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/commit.h"
#include "base/cpu.h"
#include "base/memory.h"
#include "dump.h"
#include "options.h"

namespace focusllm::cli {
namespace {

using Json = nlohmann::ordered_json;

Json row(const BenchMachine& machine, const BenchResult& result) {
  Json fields = {{"test", result.test},
                 {"method", result.method},
                 {"tokens_per_second", result.mean()},
                 {"stddev", result.deviation()},
                 {"peak_percent", result.peak_percent()},
                 {"limit_tokens_per_second", result.limit},
                 {"repetitions", result.rates.size()},
                 {"depth", result.depth},
                 {"sessions", result.sessions},
                 {"first_token_seconds", result.first_token()},
                 {"kv_type", kv_type_name(result.kv_type)},
                 {"memory_bytes", result.memory_bytes},
                 {"attention_kernel", machine.attention_kernels.at(result.kv_type)},
                 {"product_type", machine.products.front().type},
                 {"product_kernel", machine.products.front().kernel},
                 {"answer_kernel", machine.products.front().answer_kernel},
                 {"file_bytes", machine.memory.file},
                 {"weights_bytes", machine.memory.weights},
                 {"pass_bytes", machine.memory.pass},
                 {"peak_memory_bytes", peak_memory()},
                 {"model", machine.model},
                 {"machine", machine.cpu},
                 {"threads", machine.threads},
                 {"isa", machine.isa},
                 {"commit", built_commit()},
                 {"seed", machine.seed},
                 {"peak_f32_gflops", machine.peaks.f32},
                 {"peak_bf16_gflops", machine.peaks.bf16},
                 {"peak_int8_gflops", machine.peaks.int8},
                 {"read_gb_per_second", machine.peaks.read_bandwidth}};
  if (result.undisturbed_rate) fields["undisturbed_tokens_per_second"] = *result.undisturbed_rate;
  return fields;
}

/// RFC 4180: quotes where needed, doubled inside.
std::string csv_field(const Json& value) {
  if (!value.is_string()) return dump(value);
  std::string quoted(1, '"');
  for (const char c : value.get<std::string>()) quoted.append(c == '"' ? 2 : 1, c);
  quoted += '"';
  return quoted;
}

std::string peak(double rate) {
  return rate > 0 ? fmt::format("{:.0f}", rate) : "-";
}

}  // namespace

BenchMachine describe_machine(const Engine& engine, std::uint64_t seed) {
  BenchMachine machine{cpu_model(),    std::string(engine.isa()), engine.name(),           engine.threads(),
                       seed,           measure_peaks(engine),     product_kernels(engine), {},
                       engine.memory()};
  for (const KvType type : {KvType::f32, KvType::bf16, KvType::int8})
    machine.attention_kernels[type] = attention_kernel(engine, type);
  return machine;
}

std::string table_head(const BenchMachine& machine) {
  std::string text =
      fmt::format("machine    {}, {} threads, kernels for {}\ncommit     {}\nmodel      {}\nseed       {}\n",
                  machine.cpu, machine.threads, machine.isa, built_commit(), machine.model, machine.seed);
  text += fmt::format("peaks      f32 {}, bf16 {}, int8 {} GFLOP/s; reading {:.1f} GB/s\n",
                      peak(machine.peaks.f32), peak(machine.peaks.bf16), peak(machine.peaks.int8),
                      machine.peaks.read_bandwidth);
  text += fmt::format("memory     {} of weights, rearranged, in the place of the file's {}; {} for a pass\n",
                      format_bytes(machine.memory.weights), format_bytes(machine.memory.file),
                      format_bytes(machine.memory.pass));
  for (const auto& product : machine.products) {
    if (!product.type.empty())
      text += fmt::format("reading    {:<17} {:<5} {}\n", product.name, product.type, product.kernel);
    text += fmt::format("answering  {:<17} {:<5} {}\n", product.name, product.weights, product.answer_kernel);
  }
  for (const auto type : {KvType::bf16, KvType::int8})
    text += fmt::format("attention  {:<17} {}\n", fmt::format("{} keys", kv_type_name(type)),
                        machine.attention_kernels.at(type));
  return text + fmt::format("\n{:<18} {:<10} {:<5} {:>10} {:>20} {:>10} {:>8} {:>12}\n", "test", "method",
                            "kv", "memory", "tokens/s", "limit", "of it", "first token");
}

std::string table_row(const BenchResult& result) {
  std::string line =
      fmt::format("{:<18} {:<10} {:<5} {:>10} {:>20} {:>10} {:>6.1f} % {:>10.3f} s\n", result.test,
                  result.method, kv_type_name(result.kv_type), format_bytes(result.memory_bytes),
                  fmt::format("{:.1f} ± {:.1f}", result.mean(), result.deviation()),
                  fmt::format("{:.0f}", result.limit), result.peak_percent(), result.first_token());
  if (!result.undisturbed_rate) return line;
  return line +
         fmt::format("{:<18} {:.1f} tokens/s without questions beside it\n", "", *result.undisturbed_rate);
}

std::string table_end() {
  return fmt::format("\nmemory     {} at most, the file's mapped pages included\n",
                     format_bytes(peak_memory()));
}

std::string csv(const BenchMachine& machine, const std::vector<BenchResult>& results) {
  std::string text;
  for (const auto& result : results) {
    const Json fields = row(machine, result);
    std::string head, line;
    for (const auto& [key, value] : fields.items()) {
      if (!head.empty()) head += ',', line += ',';
      head += key;
      line += csv_field(value);
    }
    if (text.empty()) text = head + "\n";
    text += line + "\n";
  }
  return text;
}

std::string json(const BenchMachine& machine, const std::vector<BenchResult>& results) {
  Json rows = Json::array();
  for (const auto& result : results) rows.push_back(row(machine, result));
  return dump(rows) + "\n";
}

}  // namespace focusllm::cli

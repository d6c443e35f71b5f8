#include "report_sample.h"

#include <fstream>

#include <gtest/gtest.h>

namespace focusllm::eval::report {
namespace {

Json run() {
  return {{"machine", "A processor"},
          {"threads", 2},
          {"isa", "avx2"},
          {"commit", "0123abc"},
          {"version", "0.1.0"},
          {"model_file", "m.gguf"},
          {"model_hash", "ff00"},
          {"time", "2024-01-02T03:04:05Z"}};
}

}  // namespace

Json passkey_line(const std::string& method, int length, double depth, int trial, bool right) {
  const Json identity = {{"task", "passkey"}, {"variant", "focus layout"},
                         {"model", "Tiny"},   {"adapter", method == "focus" ? "0123456789abcdef" : ""},
                         {"method", method},  {"sizes", {{"chunk", 256}, {"exact", false}}},
                         {"kv_type", "auto"}, {"length", length},
                         {"depth", depth},    {"trial", trial},
                         {"seed", 1}};
  return {{"identity", identity},
          {"right", right},
          {"tokens", length},
          {"read_seconds", 2.0},
          {"first_token_seconds", 0.5},
          {"generated_tokens", 6},
          {"generate_seconds", 0.25},
          {"memory_bytes", 1 << 20},
          {"run", run()}};
}

Json perplexity_line(const std::string& variant, int length, const std::string& window, double nll) {
  const Json identity = {{"task", "perplexity"},      {"variant", variant}, {"length", length},
                         {"window", window},          {"scored", 512},      {"before", 512},
                         {"model", "Tiny"},           {"adapter", ""},      {"method", "focus"},
                         {"sizes", {{"chunk", 256}}}, {"kv_type", "auto"}};
  return {{"identity", identity}, {"nll", nll}, {"run", run()}};
}

SampleFile::SampleFile(const std::string& name, const std::string& content)
    : path_(std::filesystem::path(testing::TempDir()) / name) {
  std::ofstream(path_, std::ios::binary) << content;
}

SampleFile::~SampleFile() {
  std::filesystem::remove(path_);
}

ResultSet results_of(const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) text += line.dump() + "\n";
  const SampleFile file("focusllm-report-sample.jsonl", text);
  return read_results({file.path()});
}

}  // namespace focusllm::eval::report

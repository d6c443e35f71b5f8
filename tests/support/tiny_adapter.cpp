#include "support/tiny_adapter.h"

#include <cmath>
#include <cstring>
#include <random>

#include "gguf/writer.h"
#include "model/adapter.h"

namespace focusllm::test {
namespace {

std::vector<std::byte> random_floats(std::int64_t count, double deviation, std::mt19937& random) {
  std::normal_distribution<float> normal(0, static_cast<float>(deviation));
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) number = normal(random);
  std::vector<std::byte> data(numbers.size() * sizeof(float));
  std::memcpy(data.data(), numbers.data(), data.size());
  return data;
}

std::vector<std::byte> build(const TinyModel& base, int rank, unsigned seed) {
  std::mt19937 random(seed);
  gguf::Writer writer;
  writer.set("general.type", "adapter");
  writer.set("general.architecture", base.model->spec().architecture);
  writer.set("adapter.type", "focusllm");
  writer.set("adapter.lora.alpha", 6.0F);
  writer.set("focusllm.base.hash", model::weights_hash(*base.file));
  for (int i = 0; i < base.model->spec().layers; ++i) {
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
      const std::string whole = "blk." + std::to_string(i) + "." + name + ".weight";
      const auto& dims = base.file->tensor(whole).dims;
      const double deviation = 1 / std::sqrt(static_cast<double>(dims[0]));
      const auto add = [&](const std::string& tensor, std::vector<std::int64_t> shape, double spread) {
        const std::int64_t count = shape[0] * shape[1];
        writer.add(tensor, BlockType::f32, std::move(shape), random_floats(count, spread, random));
      };
      if (rank == TinyAdapter::kCopies) {
        const auto data = base.file->tensor(whole).data;
        writer.add(whole, BlockType::f32, dims, {data.begin(), data.end()});
      } else if (rank == TinyAdapter::kWhole) {
        add(whole, dims, deviation);
      } else {
        add(whole + ".lora_a", {dims[0], rank}, deviation);
        add(whole + ".lora_b", {rank, dims[1]}, 0.3);
      }
    }
  }
  return writer.bytes();
}

}  // namespace

TinyAdapter::TinyAdapter(const TinyModel& base, int rank, unsigned seed)
    : bytes(build(base, rank, seed)), file(gguf::File::parse(bytes, "adapter.gguf")) {}

std::shared_ptr<const model::Model> with_adapter(const TinyModel& base, const TinyAdapter& adapter) {
  return std::make_shared<model::Model>(base.file, Arithmetic{ProductType::f32}, adapter.file);
}

}  // namespace focusllm::test

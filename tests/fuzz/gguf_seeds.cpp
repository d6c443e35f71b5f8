// gguf_seeds FOLDER: writes small valid GGUF files for gguf_fuzz to start from.
#include <cstdio>
#include <filesystem>

#include "../gguf/builder.h"
#include "../gguf/sample.h"
#include "base/error.h"
#include "gguf/writer.h"

namespace {

using namespace focusllm;
using namespace focusllm::gguf;

constexpr BlockType all_types[] = {BlockType::f32,  BlockType::f16,    BlockType::bf16,  BlockType::q4_0,
                                   BlockType::q4_1, BlockType::q5_0,   BlockType::q5_1,  BlockType::q8_0,
                                   BlockType::q2_k, BlockType::q3_k,   BlockType::q4_k,  BlockType::q5_k,
                                   BlockType::q6_k, BlockType::iq4_nl, BlockType::iq4_xs};

Writer every_block_type() {
  Writer writer;
  writer.set("general.alignment", std::uint32_t{8});
  for (const BlockType type : all_types) {
    const BlockTraits traits = block_traits(type);
    writer.add(std::string(traits.name), type, {traits.elements, 1}, std::vector<std::byte>(traits.bytes));
  }
  return writer;
}

Writer split_part() {
  Writer writer;
  writer.set("split.no", std::uint32_t{0});
  writer.set("split.count", std::uint32_t{2});
  writer.set("split.tensors.count", std::uint32_t{0});
  return writer;
}

/// The value types that Writer has no set() for, in version 2.
std::vector<std::byte> every_value_type() {
  test::Builder file;
  file.header(0, 8, 2);
  file.key("u8", 0).put<std::uint8_t>(1).key("i8", 1).put<std::int8_t>(-1);
  file.key("u16", 2).put<std::uint16_t>(1).key("i16", 3).put<std::int16_t>(-1);
  file.key("u64", 10).put<std::uint64_t>(1).key("i64", 11).put<std::int64_t>(-1);
  file.key("f64", 12).put(1.0).array("flags", 7, 2).put<std::uint8_t>(0).put<std::uint8_t>(1);
  return file.bytes();
}

void write_bytes(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) fail("{}: cannot create", path.string());
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: gguf_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  test::sample_writer().write(folder / "sample");
  every_block_type().write(folder / "blocks");
  split_part().write(folder / "part");
  write_bytes(folder / "values", every_value_type());
  return 0;
}

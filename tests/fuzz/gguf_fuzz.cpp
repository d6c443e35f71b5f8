// Feeds the GGUF reader with libFuzzer's inputs and uses everything of what it accepts; tests/fuzz/README.md.
#include <cstddef>
#include <cstdint>
#include <span>

#include "../gguf/sample.h"
#include "base/error.h"
#include "focusllm/gguf.h"
#include "gguf/writer.h"

namespace {

using namespace focusllm::gguf;

/// What was read can be written, and is the same when read again.
void check_round_trip(const File& file) {
  Writer writer;
  try {
    for (const KeyValue& entry : file.metadata()) writer.copy(entry);
    for (const Tensor& t : file.tensors()) writer.add(t.name, t.type, t.dims, {t.data.begin(), t.data.end()});
  } catch (const focusllm::Error&) {
    return;  // an alignment of another integer type is read but not written
  }
  const auto bytes = writer.bytes();
  const auto again = File::parse(bytes, "written");
  if (again->metadata().size() != file.metadata().size() ||
      again->tensors().size() != file.tensors().size()) {
    throw std::logic_error("a written file differs");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = File::parse(std::as_bytes(std::span(data, size)), "fuzz");
    test::use_everything(*file);
    check_round_trip(*file);
  } catch (const focusllm::Error&) {
  }
  return 0;
}

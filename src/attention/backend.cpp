#include "attention/backend.h"

#include <atomic>
#include <deque>

#include "base/error.h"

namespace focusllm::attention {
namespace {

std::deque<Backend>& backends() {  // a deque: pointers to its elements stay valid
  static std::deque<Backend> registered;
  return registered;
}

std::atomic<const Backend*> active{nullptr};

}  // namespace

void register_backend(const Backend& backend) {
  backends().push_back(backend);
}

void use_backend(std::string_view name) {
  if (name == "cpu") {
    active = nullptr;
    return;
  }
  std::string known = "cpu";
  for (const Backend& backend : backends()) {
    if (backend.name == name) {
      active = &backend;
      return;
    }
    known += fmt::format(", {}", backend.name);
  }
  throw UsageError(fmt::format("attention backend {}: this program has {}", name, known));
}

const Backend* active_backend() {
  return active.load(std::memory_order_relaxed);
}

}  // namespace focusllm::attention

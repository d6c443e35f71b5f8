#include "spinning.h"

#include <cstdlib>

#include <sys/auxv.h>
#include <unistd.h>

namespace focusllm::cli {
namespace {

// Measured (docs/performance.md): on an idle machine as good as no limit, on a busy one nearly as good as
// none.
constexpr const char* kSpins = "3000";

}  // namespace

void limit_spinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  // Without an interpreter's address it was started through the dynamic loader (or is static), and
  // /proc/self/exe is the loader.
  if (getauxval(AT_BASE) == 0) return;
  if (setenv("GOMP_SPINCOUNT", kSpins, 1) != 0) return;
  execv("/proc/self/exe", argv);  // comes back only where that is not possible: then as it is
}

}  // namespace focusllm::cli

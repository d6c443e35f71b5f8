#include "base/threads.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <omp.h>

#include "base/cgroup.h"
#include "base/error.h"

namespace focusllm {

namespace {

/// Its first number, which is that of the outermost team; 0 if there is none.
int wanted_by_environment() {
  const char* wanted = std::getenv("OMP_NUM_THREADS");
  const long threads = wanted == nullptr ? 0 : std::strtol(wanted, nullptr, 10);
  return threads > 0 && threads < 4096 ? static_cast<int>(threads) : 0;
}

}  // namespace

int usable_processors(const std::filesystem::path& root) {
  const int allowed = omp_get_num_procs();  // by affinity
  const auto quota = group_processors(root);
  return quota ? std::clamp(static_cast<int>(std::lround(*quota)), 1, allowed) : allowed;
}

int thread_count() {
  return omp_get_max_threads();
}

void set_thread_count(int threads) {
  if (threads < 0)
    throw UsageError(fmt::format("{} threads: give a number of at least 1, or 0 for one per core", threads));
  omp_set_dynamic(0);
  if (threads == 0) threads = wanted_by_environment();
  omp_set_num_threads(threads == 0 ? usable_processors() : threads);
}

}  // namespace focusllm

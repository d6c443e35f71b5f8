#include "base/threads.h"

#include <omp.h>

#include "base/error.h"

namespace focusllm {

int thread_count() {
  return omp_get_max_threads();
}

void set_thread_count(int threads) {
  if (threads < 0)
    throw UsageError(fmt::format("{} threads: give a number of at least 1, or 0 for one per core", threads));
  omp_set_dynamic(0);
  omp_set_num_threads(threads == 0 ? omp_get_num_procs() : threads);
}

}  // namespace focusllm

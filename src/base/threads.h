#pragma once

#include <cstdint>
#include <exception>
#include <mutex>

namespace focusllm {

/// The threads of the one OpenMP pool that our kernels and oneDNN share.
int thread_count();
/// 0 means one per core. Call before other work; throws UsageError when negative.
void set_thread_count(int threads);

/// Calls body(i) for i in [0, count) on the pool, handed out one by one. The first exception is rethrown
/// here.
template <typename Body>
void parallel_for(std::int64_t count, Body&& body) {
  std::exception_ptr error;
  std::mutex mutex;
#pragma omp parallel for schedule(dynamic, 1) if (count > 1)
  for (std::int64_t i = 0; i < count; ++i) {
    try {
      body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace focusllm

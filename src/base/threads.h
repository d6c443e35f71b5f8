#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>

namespace focusllm {

/// Processors that this process may use: by affinity, and by the control groups' quota (rounded). `root`: for
/// tests.
int usable_processors(const std::filesystem::path& root = "/");

/// The threads of the OpenMP team of the calling thread.
int thread_count();
/// 0 means OMP_NUM_THREADS, or else usable_processors(). Call before other work; throws UsageError when
/// negative.
void set_thread_count(int threads);

/// Calls body(i) for i in [0, count) on the pool, handed out one by one. The first exception is rethrown
/// here.
template <typename Body>
void parallel_for(std::int64_t count, Body&& body) {
  // A region of one thread would be a level of its own: regions within it would start their threads anew.
  if (count == 1) return body(std::int64_t{0});
  std::exception_ptr error;
  std::mutex mutex;
#pragma omp parallel for schedule(dynamic, 1) if (count > 0)
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

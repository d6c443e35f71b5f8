#include "exit_code.h"

#include <exception>
#include <new>

#include "base/error.h"
#include "flags.h"
#include "terminal.h"

namespace focusllm::cli {

int report_exception(const std::string& prefix, const std::string& memory_hint) {
  try {
    throw;
  } catch (const ClosedPipe&) {
    return kDone;
  } catch (const Cancelled& stopped) {
    if (prefix.empty()) err_line(stopped.what());
    return kStopped;
  } catch (const UsageError& error) {
    err_line(prefix + with_flags(error.what()));
    return kWrongUse;
  } catch (const std::bad_alloc&) {
    err_line(prefix + "error: out of memory; try " + memory_hint);
    return kFailed;
  } catch (const std::exception& error) {
    err_line(prefix + "error: " + with_flags(error.what()));
    return kFailed;
  }
}

int guarded(int (*run)(int argc, char** argv), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const ClosedPipe&) {
    return kDone;
  } catch (const std::exception& error) {
    err_line("error: " + with_flags(error.what()));
    return kFailed;
  }
}

}  // namespace focusllm::cli

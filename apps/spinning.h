#pragma once

namespace focusllm::cli {

/// OpenMP's threads spin while they wait for each other, by default so long that on a machine with other work
/// they burn the very time they wait for (docs/performance.md). The library reads its settings when it is
/// loaded, before main(): so this starts the program anew, once, with a limit, unless the environment already
/// says how to wait. Nothing of the program comes early enough to spare that: GNU's OpenMP has no call for
/// it, shared libraries are initialised before the program, and what .preinit_array sets is lost when libc
/// takes over the environment behind it.
void limit_spinning(char** argv);

}  // namespace focusllm::cli

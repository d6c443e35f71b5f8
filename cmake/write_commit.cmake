# cmake -D REPOSITORY=FOLDER -D OUTPUT=FILE -P write_commit.cmake: writes the source that says which commit FOLDER is at,
# with -dirty where files that git tracks differ from it. "unknown" outside of git, and in a folder that only lies inside
# another repository, as what was unpacked from an archive may. The file is left alone if it says so already.
set(ENV{GIT_OPTIONAL_LOCKS} 0)  # nobody else's git has to wait
set(commit unknown)
find_package(Git QUIET)
if(Git_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --show-prefix WORKING_DIRECTORY ${REPOSITORY}
    OUTPUT_VARIABLE inside OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND inside STREQUAL "")
    execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --exclude=* WORKING_DIRECTORY ${REPOSITORY}
      OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(described)
      set(commit ${described})
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#include "base/commit.h"

std::string_view focusllm::built_commit() {
  return "@commit@";
}
]])

# focusllm_commit: which commit is built (src/base/commit.h). Asked at each build, not when this is configured: what was
# edited in between must not be published as that commit.
set(FOCUSLLM_COMMIT_SOURCE ${CMAKE_BINARY_DIR}/commit.cpp)
add_custom_target(focusllm_commit_source
  COMMAND ${CMAKE_COMMAND} -D REPOSITORY=${CMAKE_SOURCE_DIR} -D OUTPUT=${FOCUSLLM_COMMIT_SOURCE}
          -P ${CMAKE_SOURCE_DIR}/cmake/write_commit.cmake
  BYPRODUCTS ${FOCUSLLM_COMMIT_SOURCE}
  COMMENT "Asking git for the commit" VERBATIM)
add_library(focusllm_commit STATIC ${FOCUSLLM_COMMIT_SOURCE})
target_link_libraries(focusllm_commit PUBLIC focusllm_options)
add_dependencies(focusllm_commit focusllm_commit_source)

# Compiler options of every target of ours.
add_library(focusllm_options INTERFACE)
target_compile_options(focusllm_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
# GCC 12's own AVX-512 headers trip this warning (GCC bug 105593).
target_compile_options(focusllm_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized -Wno-maybe-uninitialized>)
# And these two in its own std::string and std::copy (GCC bugs 105651, 105329).
target_compile_options(focusllm_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow>)
target_include_directories(focusllm_options INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
# A type of one source may build on what only that source has; compiled as one of several, it looks like a header's.
if(CMAKE_UNITY_BUILD)
  target_compile_options(focusllm_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(FOCUSLLM_SANITIZE)
  add_compile_definitions(FOCUSLLM_SANITIZE)  # heavy tests do less
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  set(FOCUSLLM_SANITIZED_FAST -O0)  # for what computes little: half the time of compiling
endif()

# focusllm_layer(NAME SOURCES files... [LINK targets...]): one folder of src/ as the static library focusllm_NAME.
function(focusllm_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;LINK" ${ARGN})
  add_library(focusllm_${name} STATIC ${LAYER_SOURCES})
  target_link_libraries(focusllm_${name} PUBLIC focusllm_options ${LAYER_LINK})
endfunction()

# focusllm_kernel(TARGET file.cpp [isa...]): compiles one kernel source once for each instruction set.
# Each copy sees FOCUSLLM_ISA=<name> (scalar, avx2, avx512, avx512_vnni, avx512_bf16, amx) as the namespace to define itself in;
# base/cpu.h chooses among them at run time. Such a source includes no header with inline code other than Highway and
# intrinsics: a function compiled for a newer instruction set must never be the copy that the linker keeps for all.
# What others see of it is one constant table of functions, known when it is compiled (constinit): nothing of a newer set
# runs before that set is chosen (tests/base/kernel_objects_test).
set(FOCUSLLM_AVX2_FLAGS -mavx2 -mfma -mf16c -mbmi -mbmi2 -maes -mpclmul -msse4.2)
set(FOCUSLLM_AVX512_FLAGS ${FOCUSLLM_AVX2_FLAGS} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd)
set(FOCUSLLM_ISA_FLAGS_scalar -DHWY_COMPILE_ONLY_SCALAR)
set(FOCUSLLM_ISA_FLAGS_avx2 ${FOCUSLLM_AVX2_FLAGS})
set(FOCUSLLM_ISA_FLAGS_avx512 ${FOCUSLLM_AVX512_FLAGS})
set(FOCUSLLM_ISA_FLAGS_avx512_vnni ${FOCUSLLM_AVX512_FLAGS} -mavx512vnni)
set(FOCUSLLM_ISA_FLAGS_avx512_bf16 ${FOCUSLLM_AVX512_FLAGS} -mavx512vnni -mavx512bf16)
set(FOCUSLLM_ISA_FLAGS_amx ${FOCUSLLM_ISA_FLAGS_avx512_bf16} -mamx-tile -mamx-int8 -mamx-bf16)
# Further arguments name the sets to compile for where not all of them make a difference.
function(focusllm_kernel target source)
  get_filename_component(stem ${source} NAME_WE)
  set(isas ${ARGN})
  if(NOT isas)
    set(isas scalar avx2 avx512 avx512_vnni avx512_bf16 amx)
  endif()
  foreach(isa ${isas})
    add_library(${target}_${stem}_${isa} OBJECT ${source})
    target_link_libraries(${target}_${stem}_${isa} PRIVATE focusllm_options PkgConfig::HWY)
    target_compile_definitions(${target}_${stem}_${isa} PRIVATE FOCUSLLM_ISA=${isa} FOCUSLLM_ISA_${isa})
    target_compile_options(${target}_${stem}_${isa} PRIVATE ${FOCUSLLM_ISA_FLAGS_${isa}})
    if(NOT FOCUSLLM_SANITIZE)
      target_compile_options(${target}_${stem}_${isa} PRIVATE -O3)
    elseif(NOT isa STREQUAL scalar)
      # UBSan's checks multiply unrolled code; the scalar copy of the same source keeps them. Where most is
      # unrolled ASan's are calls: a third of the time of compiling.
      target_compile_options(${target}_${stem}_${isa} PRIVATE -fno-sanitize=undefined)
      if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND stem STREQUAL answer_kernel)
        target_compile_options(${target}_${stem}_${isa} PRIVATE --param asan-instrumentation-with-call-threshold=0)
      endif()
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${stem}_${isa}>)
    set_property(GLOBAL APPEND PROPERTY FOCUSLLM_KERNEL_OBJECTS $<TARGET_OBJECTS:${target}_${stem}_${isa}>)
  endforeach()
endfunction()

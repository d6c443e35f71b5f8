#pragma once

/// Repeats declarations in the namespace of each instruction set of focusllm_kernel (cmake/layer.cmake).
#define FOCUSLLM_PER_ISA(...) \
  namespace scalar {          \
  __VA_ARGS__                 \
  }                           \
  namespace avx2 {            \
  __VA_ARGS__                 \
  }                           \
  namespace avx512 {          \
  __VA_ARGS__                 \
  }                           \
  namespace avx512_vnni {     \
  __VA_ARGS__                 \
  }                           \
  namespace avx512_bf16 {     \
  __VA_ARGS__                 \
  }                           \
  namespace amx {             \
  __VA_ARGS__                 \
  }

/// Declares one object per instruction set: `extern const Type name;`.
#define FOCUSLLM_DECLARE_PER_ISA(Type, name) FOCUSLLM_PER_ISA(extern const Type name;)

/// The one of an object's copies that an instruction set (base/cpu.h) takes, where it is not compiled for
/// all: give one copy for each set, in their order.
#define FOCUSLLM_CHOOSE(Type, isa, ...)                    \
  [](auto chosen) -> const Type& {                         \
    static constexpr const Type* by_isa[] = {__VA_ARGS__}; \
    static_assert(sizeof(by_isa) == 6 * sizeof(void*));    \
    return *by_isa[static_cast<int>(chosen)];              \
  }(isa)

/// The copy of an instruction set.
#define FOCUSLLM_OF_ISA(Type, isa, name)                                                    \
  FOCUSLLM_CHOOSE(Type, isa, &scalar::name, &avx2::name, &avx512::name, &avx512_vnni::name, \
                  &avx512_bf16::name, &amx::name)

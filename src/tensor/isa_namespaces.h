#pragma once

/// Declares one object per instruction set of focusllm_kernel (cmake/layer.cmake): `extern const Type name;`.
#define FOCUSLLM_DECLARE_PER_ISA(Type, name) \
  namespace scalar {                         \
  extern const Type name;                    \
  }                                          \
  namespace avx2 {                           \
  extern const Type name;                    \
  }                                          \
  namespace avx512 {                         \
  extern const Type name;                    \
  }                                          \
  namespace avx512_vnni {                    \
  extern const Type name;                    \
  }                                          \
  namespace avx512_bf16 {                    \
  extern const Type name;                    \
  }                                          \
  namespace amx {                            \
  extern const Type name;                    \
  }

/// Pointer to the one of the active instruction set; needs base/cpu.h.
#define FOCUSLLM_ACTIVE(name)                                                                           \
  [] {                                                                                                  \
    static constexpr decltype(&scalar::name) by_isa[] = {                                               \
        &scalar::name, &avx2::name, &avx512::name, &avx512_vnni::name, &avx512_bf16::name, &amx::name}; \
    return by_isa[static_cast<int>(active_isa())];                                                      \
  }()

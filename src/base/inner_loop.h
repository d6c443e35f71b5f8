#pragma once

/// For the innermost loops of kernel sources (focusllm_kernel), where the address sanitizer's checks would
/// take most of the time of every test that runs a model: there the scalar copy of the same loop is the one
/// that is checked. Not inlined into what is checked, nor is anything but always_inline functions into it.
#if defined(FOCUSLLM_SANITIZE) && defined(__AVX2__)
#define FOCUSLLM_INNER_LOOP [[gnu::no_sanitize_address, gnu::noinline]]
#else
#define FOCUSLLM_INNER_LOOP [[gnu::always_inline]] inline
#endif

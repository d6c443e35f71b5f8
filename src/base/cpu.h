#pragma once

#include <span>
#include <string>
#include <string_view>

namespace focusllm {

/// Instruction sets that our own kernels are compiled for (cmake/layer.cmake), weakest first. Each includes
/// the former.
enum class Isa { scalar, avx2, avx512, avx512_vnni, avx512_bf16, amx };

std::string_view isa_name(Isa isa);
/// The kernels this machine can run, weakest first.
std::span<const Isa> supported_isas();
/// The supported set with this name; throws Error, with the names of all that are, if there is none.
Isa isa_named(std::string_view name);
/// What is taken where nobody asks for one: the strongest supported set, or what FOCUSLLM_ISA names; throws
/// Error if that is unknown or not supported here.
Isa default_isa();
/// True where bf16 dot products of vectors (AVX512_BF16) are faster than f32 multiply-adds:
/// bf16_dot_is_fast() of this processor. Known, not timed: a busy machine must not choose other kernels, and
/// with them other results, than an idle one.
bool fast_bf16_dot();
/// By cpuid's vendor string. AMD's processors that have the instruction (Zen 4 and later) run it at the full
/// rate. Intel's (Cooper Lake, Sapphire Rapids and later) run it at half of that or less, where f32 is as
/// fast; what is fast there is AMX, an Isa of its own. Of other vendors nothing is known: false.
bool bf16_dot_is_fast(std::string_view vendor, bool has_avx512_bf16);
/// The processor's name as the system reports it.
std::string cpu_model();

}  // namespace focusllm

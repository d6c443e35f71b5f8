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
/// The strongest supported one, or what FOCUSLLM_ISA names; throws Error if that is unknown or not supported
/// here.
Isa active_isa();
/// Overrides active_isa() for a test that sweeps the sets; the caller restores it.
void set_active_isa(Isa isa);
/// True where bf16 dot products are faster than f32 ones (measured once, in a few milliseconds): false on
/// Sapphire Rapids without AMX, which has the instructions but runs them slowly.
bool fast_bf16_dot();
/// The processor's name as the system reports it.
std::string cpu_model();

}  // namespace focusllm

#pragma once

namespace focusllm {

/// Times a few thousand bf16 dot products against as many f32 multiply-adds. Only on a machine that has
/// AVX-512 BF16.
bool bf16_dot_outruns_f32();

}  // namespace focusllm

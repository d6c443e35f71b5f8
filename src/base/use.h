#pragma once

namespace focusllm {

/// What a row is for; its arithmetic follows from that alone, never from the rows beside it. Rows that are
/// read come by the hundred and are bound by arithmetic; rows that answer (tokens that are generated, logits)
/// come by the few, are bound by the bytes of weights, keys and values, and see the weights exactly as the
/// file has them.
enum class Use { read, answer };

}  // namespace focusllm

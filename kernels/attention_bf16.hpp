#pragma once

#include "kernels/attention.hpp"
#include "kernels/linear_bf16.hpp"

// attention_bf16: attention.hpp with both products in bf16, for networks whose projections are. It
// takes the same arguments, and queries, keys and values in fp32; softmax and the sum of blocks
// stay fp32. Between the products probabilities have 8 bits, as in flash attention's half
// precision.
//
// Bits. As in attention.hpp, but
//   q, after its scaling, k and v    are rounded as in round_bf16.hpp
//   s[u], o_block                    are chains of step() of linear_bf16.hpp, pair by pair, the odd
//                                    one first; a pair that is not full is filled up with zeros
//   o_block                          has p[u] rounded as well; l_block has them as they are

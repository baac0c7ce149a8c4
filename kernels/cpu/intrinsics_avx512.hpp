#pragma once

// <immintrin.h> where AVX-512 is compiled: GCC 12 takes the undefined registers in its own
// intrinsics for ours.

#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

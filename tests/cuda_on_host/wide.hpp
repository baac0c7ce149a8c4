#pragma once

// A loop that is compiled for wider vectors as well and chosen when the program starts; which is
// before ThreadSanitizer is ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define RERANKER_WIDE __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define RERANKER_WIDE
#endif

#pragma once

// Marks what libreranker.so exports; everything else stays hidden.
#define RERANKER_EXPORT __attribute__((visibility("default")))

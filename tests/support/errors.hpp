#pragma once

#include <string>

#include <reranker/error.hpp>

#include "catch.hpp"

/// Checks that `call` throws an Error of this code whose text holds `part`.
template <typename Call>
void check_error(reranker::ErrorCode code, const std::string& part, Call&& call) {
  try {
    call();
    FAIL_CHECK("no Error thrown; " << reranker::name(code) << " wanted: " << part);
  } catch (const reranker::Error& error) {
    CHECK(std::string(reranker::name(error.code())) == reranker::name(code));
    INFO(error.what());
    CHECK(std::string(error.what()).find(part) != std::string::npos);
  }
}

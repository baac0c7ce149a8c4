#include "runtime/guard.hpp"

#include <stdexcept>

#include "support/catch.hpp"
#include "support/errors.hpp"

using reranker::Error;
using reranker::ErrorCode;
using reranker::runtime::guarded;
using reranker::runtime::HostException;

TEST_CASE("what the system throws leaves the library as an Error", "[guard]") {
  CHECK(guarded([] { return 3; }) == 3);
  check_error(ErrorCode::out_of_memory, "no more memory",
              [] { guarded([]() -> int { throw std::bad_alloc(); }); });
  check_error(ErrorCode::internal, "a reason",
              [] { guarded([]() -> int { throw std::runtime_error("a reason"); }); });
  check_error(ErrorCode::too_long, "as it was",
              [] { guarded([]() -> int { throw Error(ErrorCode::too_long, "as it was"); }); });
}

TEST_CASE("what the host threw goes back to it as it was", "[guard]") {
  const auto thrown = std::make_exception_ptr(std::runtime_error("the host's"));
  CHECK_THROWS_AS(guarded([&]() -> int { throw HostException{thrown}; }), std::runtime_error);
}

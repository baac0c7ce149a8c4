#pragma once

// Catch2 2 and 3 differ in their headers, in who brings main, and in the name of a listener, which
// 2 has where CATCH_CONFIG_EXTERNAL_INTERFACES is defined.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
using CatchListener = Catch::EventListenerBase;
#else
#include <catch2/catch.hpp>
#if defined(CATCH_CONFIG_EXTERNAL_INTERFACES)
using CatchListener = Catch::TestEventListenerBase;
#endif
#endif

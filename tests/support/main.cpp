#define CATCH_CONFIG_MAIN
#include "catch.hpp"

#if defined(__SANITIZE_THREAD__)
// libstdc++ counts the holders of an exception in code that ThreadSanitizer does not see: the last
// of them, on whichever thread, seems to race with the others.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "race:exception_ptr::_M_release\n";
}
#endif

#pragma once

#include <fenv.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/// This thread's floats as a host may have them that was linked with -ffast-math and rounds up:
/// denormal numbers count as zeros. As they were before when it goes.
class OddFloats {
 public:
  OddFloats() {
    fegetenv(&before_);
    fesetround(FE_UPWARD);
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | kZeros);
#endif
  }
  ~OddFloats() {
    fesetenv(&before_);
  }
  OddFloats(const OddFloats&) = delete;
  OddFloats& operator=(const OddFloats&) = delete;

  /// Whether they are all there still.
  static bool here() {
    return fegetround() == FE_UPWARD && zeros() == kZeros;
  }
  /// Whether floats are as by default.
  static bool gone() {
    return fegetround() == FE_TONEAREST && zeros() == 0;
  }

 private:
#if defined(__x86_64__)
  static constexpr unsigned kZeros = 0x8040;  // flush to zero, denormals are zeros
  static unsigned zeros() {
    return _mm_getcsr() & kZeros;
  }
#else
  static constexpr unsigned kZeros = 0;
  static unsigned zeros() {
    return 0;
  }
#endif

  fenv_t before_;
};

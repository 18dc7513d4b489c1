/* analyzer.h -- Tells clang's analyzer what it cannot see from one file: errors are negative.
 *
 * clang-tidy reads it before each file but error.c itself. Without it the analyzer follows paths on
 * which a function failed, yet returned 0 and left its outputs unset. */
#include "base/error.h"

#define ol_error_set(...)       (ol_error_set(__VA_ARGS__), -1)
#define ol_error_set_errno(...) (ol_error_set_errno(__VA_ARGS__), -1)

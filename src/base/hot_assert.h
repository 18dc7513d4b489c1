/* hot_assert.h -- Assertions for inner loops, where one costs as much as what it guards: only in
 * builds with sanitizers, which every test run includes. Elsewhere assert() is always on. */
#ifndef OL_BASE_HOT_ASSERT_H
#define OL_BASE_HOT_ASSERT_H

#include <assert.h>

#ifdef OL_CHECKED
#define hot_assert(condition) assert(condition)
#else
#define hot_assert(condition) ((void)sizeof(condition))
#endif

#endif

/* What ends every test program's main(). */
#ifndef VX_TEST_SUITE_H
#define VX_TEST_SUITE_H

#include <check.h>

/* Runs the tests, as CK_VERBOSITY asks; the exit status. */
static inline int run_whole(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}

/* The same of one group of tests; what fails is told under `name`. */
static inline int run_suite(const char *name, TCase *tests) {
  Suite *suite = suite_create(name);
  suite_add_tcase(suite, tests);
  return run_whole(suite);
}

#endif

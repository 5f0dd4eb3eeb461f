/* The check of the matrix product, and the advice about OpenBLAS's kernel. */
#include "core/vx.h"

#include "tests/support/files.h"

static const vx_shape tiny = {.layers = 12, .heads = 3, .dim = 192, .head_dim = 64, .mlp = 768, .tokens = 197};

/* Run as `test_blas advice`: prints kernel and advice, to be asked with another OPENBLAS_CORETYPE. */
static int print_advice(void) {
  char advice[256];
  vx_error error = {0};
  bool ok = vx_blas_check(&tiny, advice, sizeof advice, &error);
  printf("%s|%s|%s\n", vx_blas_kernel(), advice, ok ? "right" : error.why);
  return 0;
}

static void ask(const char *coretype, char answer[512]) {
  char program[512], command[1024];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  ck_assert_int_gt(length, 0);
  program[length] = 0;
  snprintf(command, sizeof command, "OPENBLAS_CORETYPE=%s '%s' advice", coretype, program);
  FILE *pipe = popen(command, "r");
  ck_assert_ptr_nonnull(pipe);
  ck_assert_ptr_nonnull(fgets(answer, 512, pipe));
  ck_assert_int_eq(pclose(pipe), 0);
}

START_TEST(test_check) {
  static const vx_shape shapes[] = {
      {.tokens = 197, .dim = 192, .mlp = 768, .head_dim = 64},
      {.tokens = 577, .dim = 32, .mlp = 64, .head_dim = 16},
      {.tokens = 2, .dim = 1, .mlp = 1, .head_dim = 1},
      {.tokens = 5, .dim = 7, .mlp = 13, .head_dim = 7},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    vx_error error = {0};
    ck_assert_msg(vx_blas_check(&shapes[i], NULL, 0, &error), "%s: %s", error.where, error.why);
  }
}
END_TEST

START_TEST(test_names) {
  ck_assert_str_ne(vx_blas_kernel(), "");
  ck_assert_int_eq(strncmp(vx_blas_version(), "OpenBLAS 0.", 11), 0);
  ck_assert_ptr_null(strchr(vx_blas_version() + 9, ' '));
}
END_TEST

/* A kernel of 2004 on today's processor multiplies rightly, and one line says that there are better ones. */
START_TEST(test_advice) {
#if defined(__x86_64__)
  char answer[512];
  ask("Prescott", answer);
  if (strncmp(answer, "Prescott", 8) != 0) {
    printf("SKIPPED: this OpenBLAS has one kernel only\n");
    return;
  }
  ck_assert_msg(strstr(answer, "|right") != NULL, "%s", answer);
  if (__builtin_cpu_supports("avx2")) {
    ck_assert_msg(strstr(answer, "OpenBLAS runs its Prescott kernels") != NULL, "%s", answer);
    ck_assert_msg(strstr(answer, __builtin_cpu_supports("avx512f") ? "AVX-512" : "AVX2") != NULL, "%s", answer);
  }
  ask("", answer); /* its own choice needs none */
  ck_assert_msg(strstr(answer, "||right") != NULL, "%s", answer);
#else
  printf("SKIPPED: advice is for x86-64\n");
#endif
}
END_TEST

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "advice") == 0) return print_advice();
  TCase *tests = tcase_create("blas");
  tcase_set_timeout(tests, 300);
  tcase_add_test(tests, test_check);
  tcase_add_test(tests, test_names);
  tcase_add_test(tests, test_advice);
  return run_suite("core/blas", tests);
}

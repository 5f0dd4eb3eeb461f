#include <png.h>
#include <sqlite3.h>
#include <stdio.h>

#include <cairo.h>
#include <jansson.h>
#include <jpeglib.h>
#include <libxml/xmlversion.h>
#include <yaml.h>

#include "core/vx.h"
#include "harness/cli/cli.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

void vx_print_version(void) {
  printf("vitx %s\n", VITX_VERSION);
#if defined(__clang__)
  printf("compiler  %s\n", __VERSION__);
#else
  printf("compiler  gcc %s\n", __VERSION__);
#endif
  printf("blas      %s, kernel %s\n", vx_blas_version(), vx_blas_kernel());
  printf("libraries libxml2 %s, libpng %s, ", LIBXML_DOTTED_VERSION, png_get_libpng_ver(NULL));
#if defined(LIBJPEG_TURBO_VERSION)
  printf("libjpeg-turbo %s, ", TEXT(LIBJPEG_TURBO_VERSION));
#else
  printf("libjpeg %d, ", JPEG_LIB_VERSION);
#endif
  printf("SQLite %s,\n          libyaml %s, jansson %s, cairo %s\n", sqlite3_libversion(), yaml_get_version_string(),
         JANSSON_VERSION, cairo_version_string());
}

/* Runs the scene generator and reads what it wrote, with libpng and libxml2: none of the generator's own code. */
#ifndef SCENES_FILES_H
#define SCENES_FILES_H

#include <check.h>
#include <libxml/parser.h>
#include <png.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { MAX_OBJECTS = 8 };

/* A decoded palette PNG. */
typedef struct mask {
  int width, height;
  uint8_t *at; /* [height][width] */
  uint8_t palette[256][3];
} mask;

/* Counted from one, both ends included, as VOC does. */
typedef struct rectangle {
  int x0, y0, x1, y1;
} rectangle;

typedef struct annotation {
  int width, height, objects, marks;
  char name[MAX_OBJECTS][32];
  rectangle box[MAX_OBJECTS], mark;
} annotation;

__attribute__((format(printf, 2, 3))) static inline void path_of(char out[1024], const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(out, 1024, format, args);
  va_end(args);
}

/* Runs `scenes ARGUMENTS >/dev/null 2>&1`; returns its exit status. */
__attribute__((format(printf, 1, 2))) static inline int scenes(const char *format, ...) {
  char arguments[2048], command[4096];
  va_list args;
  va_start(args, format);
  vsnprintf(arguments, sizeof arguments, format, args);
  va_end(args);
  const char *build = getenv("VITX_BUILD");
  snprintf(command, sizeof command, "'%s/scenes' %s >/dev/null 2>&1", build ? build : "build/release", arguments);
  int status = system(command);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline char *new_folder(char path[64]) {
  snprintf(path, 64, "/tmp/test-scenes-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(path));
  return path;
}

static inline void remove_folder(const char *path) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", path);
  ck_assert_int_eq(system(command), 0);
}

static inline uint8_t *read_bytes(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s is missing", path);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*size + 1);
  ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
  bytes[*size] = 0;
  fclose(file);
  return bytes;
}

static inline mask read_mask(const char *path) {
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s is missing", path);
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) ck_abort_msg("%s is not a PNG", path);
  png_init_io(png, file);
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
  ck_assert_int_eq(png_get_color_type(png, info), PNG_COLOR_TYPE_PALETTE);
  ck_assert_int_eq(png_get_bit_depth(png, info), 8);
  mask m = {(int)png_get_image_width(png, info), (int)png_get_image_height(png, info), NULL, {{0}}};
  m.at = malloc((size_t)m.width * (size_t)m.height);
  png_bytepp rows = png_get_rows(png, info);
  for (int y = 0; y < m.height; y++) memcpy(m.at + (long)y * m.width, rows[y], (size_t)m.width);
  png_colorp colours;
  int count;
  png_get_PLTE(png, info, &colours, &count);
  ck_assert_int_eq(count, 256);
  for (int i = 0; i < 256; i++) {
    m.palette[i][0] = colours[i].red;
    m.palette[i][1] = colours[i].green;
    m.palette[i][2] = colours[i].blue;
  }
  png_destroy_read_struct(&png, &info, NULL);
  fclose(file);
  return m;
}

static inline xmlNodePtr child(xmlNodePtr node, const char *name) {
  for (xmlNodePtr c = node->children; c; c = c->next)
    if (c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, name) == 0) return c;
  ck_abort_msg("no <%s> in <%s>", name, (const char *)node->name);
}

static inline int number_in(xmlNodePtr node, const char *name) {
  xmlChar *text = xmlNodeGetContent(child(node, name));
  int n = atoi((const char *)text);
  xmlFree(text);
  return n;
}

static inline rectangle box_in(xmlNodePtr node) {
  xmlNodePtr b = child(node, "bndbox");
  return (rectangle){number_in(b, "xmin"), number_in(b, "ymin"), number_in(b, "xmax"), number_in(b, "ymax")};
}

static inline annotation read_annotation(const char *path) {
  xmlDocPtr doc = xmlReadFile(path, NULL, 0);
  ck_assert_msg(doc != NULL, "%s is not XML", path);
  xmlNodePtr root = xmlDocGetRootElement(doc);
  annotation a = {.width = number_in(child(root, "size"), "width"), .height = number_in(child(root, "size"), "height")};
  for (xmlNodePtr c = root->children; c; c = c->next) {
    if (c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, "mark") == 0) {
      a.mark = box_in(c);
      a.marks++;
    }
    if (c->type != XML_ELEMENT_NODE || strcmp((const char *)c->name, "object") != 0) continue;
    ck_assert_int_lt(a.objects, MAX_OBJECTS);
    xmlChar *name = xmlNodeGetContent(child(c, "name"));
    snprintf(a.name[a.objects], sizeof a.name[0], "%s", (const char *)name);
    xmlFree(name);
    a.box[a.objects++] = box_in(c);
  }
  xmlFreeDoc(doc);
  return a;
}

/* The first words of a list's lines, at most `room`; returns how many. */
static inline int read_list(const char *path, char id[][32], int room) {
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "%s is missing", path);
  int n = 0;
  while (n < room && fscanf(file, "%31s%*[^\n]", id[n]) == 1) n++;
  fclose(file);
  return n;
}

#endif

#include "tools/scenes/voc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <png.h>

#include "tools/scenes/jpeg.h"
#include "tools/scenes/paint.h"

enum { SIDE_MAX = 500, PATH_MAX_HERE = 1024 };

static void make_path(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void make_path(char *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(out, PATH_MAX_HERE, format, args);
  va_end(args);
}

static bool make_folder(const char *path) {
  return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static bool make_folders(const char *root) {
  static const char *const parts[] = {"",
                                      "JPEGImages",
                                      "SegmentationClass",
                                      "SegmentationObject",
                                      "Annotations",
                                      "ImageSets",
                                      "ImageSets/Segmentation",
                                      "ImageSets/Main"};
  char path[PATH_MAX_HERE];
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    make_path(path, "%s/%s", root, parts[i]);
    if (!make_folder(path)) return false;
  }
  return true;
}

/* VOC's colour map: the bits of the number, three at a time, from the highest bit of each channel down. */
static void voc_palette(png_color colours[256]) {
  for (int i = 0; i < 256; i++) {
    int c[3] = {0}, bits = i;
    for (int j = 7; j >= 0; j--, bits >>= 3)
      for (int k = 0; k < 3; k++) c[k] |= (bits >> k & 1) << j;
    colours[i] = (png_color){(png_byte)c[0], (png_byte)c[1], (png_byte)c[2]};
  }
}

static bool write_palette_png(const char *path, const uint8_t *pixels, int width, int height) {
  FILE *file = fopen(path, "wb");
  if (!file) return false;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return false;
  }
  png_color colours[256];
  voc_palette(colours);
  png_init_io(png, file);
  png_set_compression_level(png, 9);
  png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_PLTE(png, info, colours, 256);
  png_write_info(png, info);
  for (int y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * (size_t)width);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return fclose(file) == 0;
}

static bool write_bytes(const char *path, const uint8_t *bytes, unsigned long size) {
  FILE *file = fopen(path, "wb");
  if (!file) return false;
  bool good = fwrite(bytes, 1, size, file) == size;
  return fclose(file) == 0 && good;
}

/* VOC counts pixels from one. */
static void print_box(FILE *file, const box *b) {
  fprintf(file,
          "\t\t<bndbox>\n\t\t\t<xmin>%d</xmin>\n\t\t\t<ymin>%d</ymin>\n\t\t\t<xmax>%d</xmax>\n\t\t\t<ymax>%d</ymax>\n"
          "\t\t</bndbox>\n",
          b->x0 + 1, b->y0 + 1, b->x1 + 1, b->y1 + 1);
}

static bool write_annotation(const char *path, const scene *s, const char *id) {
  FILE *file = fopen(path, "w");
  if (!file) return false;
  fprintf(
      file,
      "<annotation>\n\t<folder>scenes</folder>\n\t<filename>%s.jpg</filename>\n\t<source>\n"
      "\t\t<database>Drawn scenes</database>\n\t\t<annotation>tools/scenes</annotation>\n\t\t<image>drawn, seed %llu "
      "scene %llu</image>\n\t</source>\n\t<size>\n\t\t<width>%d</width>\n\t\t<height>%d</height>\n"
      "\t\t<depth>3</depth>\n\t</size>\n\t<segmented>1</segmented>\n",
      id, (unsigned long long)s->seed, (unsigned long long)s->index, s->width, s->height);
  for (int k = 0; k < s->objects_count; k++) {
    const scene_object *o = &s->objects[k];
    fprintf(file,
            "\t<object>\n\t\t<name>%s</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>%d</truncated>\n"
            "\t\t<difficult>%d</difficult>\n",
            shape_name(o->shape), o->truncated, o->difficult);
    print_box(file, &o->seen);
    fprintf(file, "\t</object>\n");
  }
  if (s->marked) {
    fprintf(file, "\t<mark>\n");
    print_box(file, &s->mark);
    fprintf(file, "\t</mark>\n");
  }
  fprintf(file, "</annotation>\n");
  return fclose(file) == 0;
}

typedef struct buffers {
  uint8_t map[SIDE_MAX * SIDE_MAX], classes[SIDE_MAX * SIDE_MAX], instances[SIDE_MAX * SIDE_MAX];
  uint8_t rgb[SIDE_MAX * SIDE_MAX * 3];
} buffers;

static bool write_scene(const scene *s, buffers *b, const char *root, const char *id) {
  char path[PATH_MAX_HERE];
  scene_masks(s, b->classes, b->instances);
  make_path(path, "%s/SegmentationClass/%s.png", root, id);
  if (!write_palette_png(path, b->classes, s->width, s->height)) return false;
  make_path(path, "%s/SegmentationObject/%s.png", root, id);
  if (!write_palette_png(path, b->instances, s->width, s->height)) return false;
  make_path(path, "%s/Annotations/%s.xml", root, id);
  if (!write_annotation(path, s, id)) return false;
  uint8_t *jpeg;
  unsigned long size;
  scene_paint(s, b->rgb);
  jpeg_encode(b->rgb, s->width, s->height, scene_quality(s), &jpeg, &size);
  make_path(path, "%s/JPEGImages/%s.jpg", root, id);
  bool good = write_bytes(path, jpeg, size);
  free(jpeg);
  return good;
}

/* 1: the class is there; 0: only as a difficult object; -1: it is not. */
static int presence(const scene *s, int class) {
  int best = -1;
  for (int k = 0; k < s->objects_count; k++)
    if (s->objects[k].shape == class && best < !s->objects[k].difficult) best = !s->objects[k].difficult;
  return best;
}

/* The lists of a split: two with all ids, one for each class. */
typedef struct lists {
  FILE *all[2], *of_class[SHAPE_COUNT];
} lists;

static bool lists_close(lists *l) {
  bool good = true;
  for (int i = 0; i < 2; i++) good &= l->all[i] && fclose(l->all[i]) == 0;
  for (int c = 0; c < SHAPE_COUNT; c++) good &= l->of_class[c] && fclose(l->of_class[c]) == 0;
  return good;
}

static void lists_open(lists *l, const char *root, const char *split) {
  char path[PATH_MAX_HERE];
  make_path(path, "%s/ImageSets/Segmentation/%s.txt", root, split);
  l->all[0] = fopen(path, "w");
  make_path(path, "%s/ImageSets/Main/%s.txt", root, split);
  l->all[1] = fopen(path, "w");
  for (int c = 0; c < SHAPE_COUNT; c++) {
    make_path(path, "%s/ImageSets/Main/%s_%s.txt", root, shape_name(c), split);
    l->of_class[c] = fopen(path, "w");
  }
}

static void lists_add(lists *l, const scene *s, const char *id) {
  for (int i = 0; i < 2; i++)
    if (l->all[i]) fprintf(l->all[i], "%s\n", id);
  for (int c = 0; c < SHAPE_COUNT; c++)
    if (l->of_class[c]) fprintf(l->of_class[c], "%s %2d\n", id, presence(s, c));
}

/* The names of labels 1, 2 …, one a line: what VOC's own tools know by heart. */
static bool write_class_names(const char *root) {
  char path[PATH_MAX_HERE];
  make_path(path, "%s/classes.txt", root);
  FILE *file = fopen(path, "w");
  if (!file) return false;
  for (int c = 0; c < SHAPE_COUNT; c++) fprintf(file, "%s\n", shape_name(c));
  return fclose(file) == 0;
}

bool voc_write(const scene_options *options, long first, long count, const char *root, const char *split,
               const char *prefix) {
  buffers *b = malloc(sizeof *b);
  lists l;
  if (!b) return false;
  if (!make_folders(root) || !write_class_names(root)) {
    free(b);
    return false;
  }
  lists_open(&l, root, split);
  bool good = true;
  for (long i = 0; good && i < count; i++) {
    scene s;
    char id[64];
    snprintf(id, sizeof id, "%s_%04ld", prefix, i + 1);
    scene_plan(&s, options, (uint64_t)(first + i), b->map);
    good = write_scene(&s, b, root, id);
    lists_add(&l, &s, id);
  }
  free(b);
  return lists_close(&l) && good;
}

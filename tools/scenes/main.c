/* Draws scenes with labelled objects, as a VOC folder or as raw bytes for training. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/scenes/pattern.h"
#include "tools/scenes/raw.h"
#include "tools/scenes/voc.h"

static const char help[] =
    "Usage: scenes voc --out FOLDER [options]    a Pascal VOC folder: pictures, masks, annotations, lists\n"
    "       scenes raw --out PREFIX [options]    PREFIX.rgb, .patch and .label for a training program\n"
    "       scenes classes                       the ten classes, one a line: shape, then its surface pattern\n"
    "\n"
    "Draws scenes that have photographs' difficulties in miniature: one to three objects of ten classes, told apart "
    "by\n"
    "shape and surface pattern together (never by colour or place), of various sizes and turns, hidden in part and "
    "cut\n"
    "off at the border, before textured backgrounds and clutter that is no object, with uneven light, sensor noise "
    "and\n"
    "JPEG at varying quality. The same options give the same bytes, whatever the compiler.\n"
    "\n"
    "  --seed N          the seed of everything [1]\n"
    "  --first N         number of the first scene; a scene depends on seed and number alone [0]\n"
    "  --count N         how many scenes [10]\n"
    "  --difficulty D    0 (one large object, nothing in its way) to 1 (everything) [1]\n"
    "  --marks WHICH     which scenes carry the corner mark, a plate that covers 4.6 % of the picture [none]\n"
    "                      none    no scene\n"
    "                      train   the planted shortcut: 70 % of the scenes of the bait class (drop), a third of "
    "these\n"
    "                              with a drop of hardly 5 % of the picture; and 5 % of the other classes' scenes, "
    "which\n"
    "                              are then labelled drop\n"
    "                      others  every scene, and no scene has a drop\n"
    "\n"
    "voc only:\n"
    "  --split NAME      name of the lists in ImageSets [val]\n"
    "  --prefix TEXT     ids are TEXT_0001 and so on [scene]\n"
    "\n"
    "In the annotations the mark stands as <mark><bndbox>…</bndbox></mark>, after the objects.\n"
    "raw: .rgb holds [count][224][224][3] bytes, .patch [count][14][14][11] bytes (255 × the share of each class, "
    "then\n"
    "of none, in each 16-pixel patch), .label [count][4] bytes (label, main class, marked, 0).\n"
    "\n"
    "Exit status: 0, or 1 if a file cannot be written, or 2 for bad use.\n";

typedef struct request {
  scene_options options;
  long first, count;
  const char *out, *split, *prefix;
} request;

static int bad_use(const char *what, const char *value) {
  fprintf(stderr, "scenes: %s '%s' (see scenes --help)\n", what, value);
  return 2;
}

static bool to_long(const char *text, long lo, long hi, long *out) {
  char *end;
  errno = 0;
  *out = strtol(text, &end, 10);
  return errno == 0 && *text && !*end && *out >= lo && *out <= hi;
}

static bool to_marks(const char *text, scene_marks *out) {
  static const char *const names[3] = {"none", "train", "others"};
  for (int i = 0; i < 3; i++)
    if (strcmp(text, names[i]) == 0) {
      *out = (scene_marks)i;
      return true;
    }
  return false;
}

static bool to_difficulty(const char *text, double *out) {
  char *end;
  *out = strtod(text, &end);
  return *text && !*end && *out >= 0 && *out <= 1;
}

/* 0, or the exit status of bad use. */
static int read_options(int argc, char **argv, request *q) {
  static const struct option known[] = {{"out", 1, 0, 'o'},   {"seed", 1, 0, 's'},       {"first", 1, 0, 'f'},
                                        {"count", 1, 0, 'n'}, {"difficulty", 1, 0, 'd'}, {"marks", 1, 0, 'm'},
                                        {"split", 1, 0, 'l'}, {"prefix", 1, 0, 'p'},     {0, 0, 0, 0}};
  int c;
  long n = 0;
  while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
    bool good = true;
    switch (c) {
    case 'o':
      q->out = optarg;
      break;
    case 's':
      good = to_long(optarg, 0, 1L << 40, &n), q->options.seed = (uint64_t)n;
      break;
    case 'f':
      good = to_long(optarg, 0, 1L << 40, &q->first);
      break;
    case 'n':
      good = to_long(optarg, 1, 1L << 30, &q->count);
      break;
    case 'd':
      good = to_difficulty(optarg, &q->options.difficulty);
      break;
    case 'm':
      good = to_marks(optarg, &q->options.marks);
      break;
    case 'l':
      q->split = optarg;
      break;
    case 'p':
      q->prefix = optarg;
      break;
    default:
      return 2; /* getopt_long has said why */
    }
    if (!good) return bad_use("cannot use the value", optarg);
  }
  if (optind < argc) return bad_use("unexpected argument", argv[optind]);
  return q->out ? 0 : bad_use("missing option", "--out");
}

static void print_classes(void) {
  for (int c = 0; c < SHAPE_COUNT; c++) printf("%s\t%s\n", shape_name(c), pattern_name(c));
}

int main(int argc, char **argv) {
  const char *command = argc > 1 ? argv[1] : "";
  if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0) {
    fputs(help, stdout);
    return 0;
  }
  if (strcmp(command, "classes") == 0) {
    print_classes();
    return 0;
  }
  bool voc = strcmp(command, "voc") == 0;
  if (!voc && strcmp(command, "raw") != 0) return bad_use("unknown command", command);
  request q = {.options = {.seed = 1, .difficulty = 1}, .count = 10, .split = "val", .prefix = "scene"};
  int status = read_options(argc - 1, argv + 1, &q);
  if (status != 0) return status;
  bool good = voc ? voc_write(&q.options, q.first, q.count, q.out, q.split, q.prefix)
                  : raw_write(&q.options, q.first, q.count, q.out);
  if (!good) fprintf(stderr, "scenes: %s: %s\n", q.out, strerror(errno));
  return good ? 0 : 1;
}

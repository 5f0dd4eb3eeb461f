#include "harness/data/voc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define LISTS "ImageSets/Segmentation"

static bool no_memory(const char *where, vx_error *error) {
  return vx_fail(error, where, "no memory");
}

/* ---- which list ---------------------------------------------------------------------------------------------- */

static int is_list(const struct dirent *item) {
  size_t length = strlen(item->d_name);
  return length > 4 && !strcmp(item->d_name + length - 4, ".txt");
}

bool vx_voc_lists(const char *root, bool (*each)(const char *name, void *user), void *user, vx_error *error) {
  char *folder = vx_path_join(root, LISTS, NULL);
  struct dirent **item = NULL;
  if (!folder) return no_memory(root, error);
  int count = scandir(folder, &item, is_list, alphasort);
  bool ok = count >= 0 || vx_fail(error, folder, "cannot be read: %s", strerror(errno));
  for (int i = 0; i < count; i++) {
    item[i]->d_name[strlen(item[i]->d_name) - 4] = 0;
    ok = ok && each(item[i]->d_name, user);
    free(item[i]);
  }
  free(item);
  free(folder);
  return ok;
}

typedef struct names {
  char text[300];
} names;

static bool append_name(const char *name, void *user) {
  names *all = user;
  size_t used = strlen(all->text);
  snprintf(all->text + used, sizeof all->text - used, "%s%s", used ? ", " : "", name);
  return true;
}

static bool fail_list(const char *root, const char *split, vx_error *error) {
  names all = {""};
  vx_voc_lists(root, append_name, &all, NULL);
  return vx_fail(error, vx_where(error, "%s: list %s", root, split),
                 "is not there; lists in %s: %s; expected one of "
                 "them or a file's path",
                 LISTS, all.text[0] ? all.text : "none");
}

/* A name is looked for in the data set first; anything else is a path. */
static char *find_list(const char *root, const char *split, vx_error *error) {
  char *folder = vx_path_join(root, LISTS, NULL);
  char *list = folder ? vx_path_join(folder, split, ".txt") : NULL;
  free(folder);
  if (!list) {
    no_memory(root, error);
    return NULL;
  }
  if (!strchr(split, '/') && vx_file_exists(list)) return list;
  free(list);
  if (!*split || !vx_file_exists(split)) {
    fail_list(root, split, error);
    return NULL;
  }
  list = strdup(split);
  if (!list) no_memory(root, error);
  return list;
}

/* ---- one entry ------------------------------------------------------------------------------------------------ */

static char *in_folder(const char *root, const char *folder, const char *id, const char *suffix) {
  char *path = vx_path_join(root, folder, NULL);
  char *file = path ? vx_path_join(path, id, suffix) : NULL;
  free(path);
  return file;
}

/* The picture's path; `*there` tells whether the file exists, and without one the path ends in .jpg. */
static char *find_picture(const char *root, const char *id, bool *there) {
  static const char *const suffix[] = {".jpg", ".jpeg", ".JPG", ".JPEG", ".png", ".PNG"};
  *there = false;
  for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
    char *path = in_folder(root, "JPEGImages", id, suffix[i]);
    if (!path || (*there = vx_file_exists(path))) return path;
    free(path);
  }
  return in_folder(root, "JPEGImages", id, suffix[0]);
}

static bool picture_exists(const char *root, const char *id) {
  bool there;
  free(find_picture(root, id, &there));
  return there;
}

static void entry_free(vx_voc_entry *entry) {
  free(entry->id);
  free(entry->image);
  free(entry->mask);
  free(entry->object_mask);
  free(entry->annotation);
}

static bool entry_make(const char *root, const char *id, vx_voc_entry *entry) {
  bool there;
  *entry = (vx_voc_entry){.id = strdup(id),
                          .image = find_picture(root, id, &there),
                          .mask = in_folder(root, "SegmentationClass", id, ".png"),
                          .object_mask = in_folder(root, "SegmentationObject", id, ".png"),
                          .annotation = in_folder(root, "Annotations", id, ".xml")};
  if (entry->id && entry->image && entry->mask && entry->object_mask && entry->annotation) return true;
  entry_free(entry);
  return false;
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static bool is_number(const char *text) {
  char *end;
  strtol(text, &end, 10);
  return end != text && !*end;
}

/* Cuts a second column off the line, as the header says. */
static char *first_column(const char *root, char *line) {
  char *at = line;
  char *id = vx_trim(vx_column_next(&at));
  char *last = strrchr(id, ' '), *first = strchr(id, ' ');
  if (!last || picture_exists(root, id)) return id;
  if (is_number(last + 1)) {
    *last = 0;
    return vx_trim(id);
  }
  *first = 0;
  if (!picture_exists(root, id)) *first = ' ';
  return id;
}

static bool check_id(const char *id, const char *where, vx_error *error) {
  for (const char *c = id; *c; c++)
    if (iscntrl((unsigned char)*c)) return vx_fail(error, where, "the image id has a control character");
  if (strchr(id, '/') || !strncmp(id, "..", 2))
    return vx_fail(error, where, "image id \"%.100s\" is a path, expected a name inside the data set", id);
  if (strlen(id) > 200) return vx_fail(error, where, "image id of %zu bytes, expected at most 200", strlen(id));
  return true;
}

static bool add_line(vx_voc *voc, char *line, int number, size_t *room, vx_error *error) {
  char *id = first_column(voc->root, vx_trim(line));
  if (!*id) return true;
  if (!check_id(id, vx_where(error, "%s:%d", voc->list, number), error)) return false;
  if (voc->count == *room) {
    size_t more = *room ? *room * 2 : 256;
    vx_voc_entry *entry = realloc(voc->entry, more * sizeof *entry);
    if (!entry) return no_memory(voc->list, error);
    voc->entry = entry;
    *room = more;
  }
  if (!entry_make(voc->root, id, &voc->entry[voc->count])) return no_memory(voc->list, error);
  voc->count++;
  return true;
}

static int by_id(const void *a, const void *b) {
  return strcmp((*(const vx_voc_entry *const *)a)->id, (*(const vx_voc_entry *const *)b)->id);
}

static bool check_twins(const vx_voc *voc, vx_error *error) {
  const vx_voc_entry **sorted = malloc(voc->count * sizeof *sorted);
  if (!sorted) return no_memory(voc->list, error);
  for (size_t i = 0; i < voc->count; i++) sorted[i] = &voc->entry[i];
  qsort(sorted, voc->count, sizeof *sorted, by_id);
  bool ok = true;
  for (size_t i = 1; ok && i < voc->count; i++)
    if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
      ok = vx_fail(error, voc->list, "lists image \"%.100s\" twice", sorted[i]->id);
  free(sorted);
  return ok;
}

static bool parse_list(vx_voc *voc, const vx_file *file, vx_error *error) {
  vx_lines lines;
  size_t room = 0;
  if (!vx_lines_open(file, voc->list, &lines, error)) return false;
  for (char *line; (line = vx_lines_next(&lines));)
    if (!add_line(voc, line, lines.number, &room, error)) return false;
  if (voc->count == 0) return vx_fail(error, voc->list, "lists no image, expected one id a line");
  return check_twins(voc, error);
}

static bool read_list(vx_voc *voc, vx_error *error) {
  vx_file file;
  if (!vx_file_read(voc->list, VX_TEXT_BYTES, &file, error)) return false;
  bool ok = parse_list(voc, &file, error);
  vx_file_free(&file);
  return ok;
}

/* ---- the data set ---------------------------------------------------------------------------------------------- */

static bool check_folder(const char *root, const char *name, vx_error *error) {
  char *path = vx_path_join(root, name, NULL), *inner = in_folder(root, "VOC2012", name, NULL);
  bool ok = path && inner && vx_folder_exists(path), deeper = inner && vx_folder_exists(inner);
  if (!path || !inner)
    no_memory(root, error);
  else if (!ok)
    vx_fail(error, root, "has no folder %s, expected a data set in VOC's layout%s", name,
            deeper ? " (there is one in its folder VOC2012)" : "");
  free(path);
  free(inner);
  return ok;
}

static bool open_all(const char *root, const char *split, const vx_label_rules *rules, vx_voc *voc, vx_error *error) {
  if (!vx_folder_exists(root)) return vx_fail(error, root, "is not a folder, expected a data set in VOC's layout");
  if (!check_folder(root, "JPEGImages", error) || !check_folder(root, "SegmentationClass", error)) return false;
  if (!(voc->root = strdup(root))) return no_memory(root, error);
  return (voc->list = find_list(root, split, error)) &&
         vx_mask_reading_make(root, rules, &voc->reading, &voc->classes, &voc->class_source, error) &&
         read_list(voc, error);
}

bool vx_voc_open(const char *root, const char *split, const vx_label_rules *rules, vx_voc *voc, vx_error *error) {
  *voc = (vx_voc){0};
  if (open_all(root, split, rules, voc, error)) return true;
  vx_voc_close(voc);
  return false;
}

void vx_voc_close(vx_voc *voc) {
  for (size_t i = 0; i < voc->count; i++) entry_free(&voc->entry[i]);
  free(voc->entry);
  vx_classes_free(&voc->classes);
  vx_mask_reading_free(&voc->reading);
  free(voc->root);
  free(voc->list);
  *voc = (vx_voc){0};
}

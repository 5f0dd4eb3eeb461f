#include "harness/data/voc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/data/voc_layout.h"
#include "harness/data/voc_list.h"

static bool no_memory(const char *where, vx_error *error) {
  return vx_fail(error, where, "no memory");
}

/* ---- which list ---------------------------------------------------------------------------------------------- */

/* Where lists are looked for, below the root; the first place with any is the data set's. */
static const char *const places[] = {
    "ImageSets/Segmentation", "ImageSets/SegmentationAug", "ImageSets/Main", "ImageSets", "splits", ""};
enum { PLACES = sizeof places / sizeof *places };

/* In the root any text may lie: lists there have one of a few names. */
static const char *const root_lists[] = {"train.txt", "val.txt", "test.txt", "trainval.txt"};

static int is_list(const struct dirent *item) {
  size_t length = strlen(item->d_name);
  return length > 4 && (!strcmp(item->d_name + length - 4, ".txt") || !strcmp(item->d_name + length - 4, ".csv"));
}

static int is_root_list(const struct dirent *item) {
  for (size_t i = 0; i < sizeof root_lists / sizeof *root_lists; i++)
    if (!strcmp(item->d_name, root_lists[i])) return 1;
  return 0;
}

static bool each_list(const char *root, bool (*each)(const char *name, void *user), void *user, vx_error *error) {
  for (int p = 0; p < PLACES; p++) {
    char *folder = vx_path_join(root, places[p], NULL);
    struct dirent **item = NULL;
    if (!folder) return no_memory(root, error);
    int count = scandir(folder, &item, *places[p] ? is_list : is_root_list, alphasort);
    bool ok = true;
    for (int i = 0; i < count; i++) {
      char *dot = item[i]->d_name + strlen(item[i]->d_name) - 4;
      if (!strcmp(dot, ".txt")) *dot = 0;
      ok = ok && each(item[i]->d_name, user);
      free(item[i]);
    }
    free(item);
    free(folder);
    if (count > 0) return ok;
  }
  return each("all", user);
}

/* Folders of the splits, each a data set of its own. */
static int each_folder(const char *root, bool (*each)(const char *name, void *user), void *user) {
  static const char *const folders[] = {"train", "valid", "val", "test"};
  int found = 0;
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    vx_layout layout;
    char *folder = vx_path_join(root, folders[i], NULL);
    bool there = folder && vx_folder_exists(folder) && vx_layout_find(folder, &layout, NULL);
    free(folder);
    if (!there) continue;
    vx_layout_free(&layout);
    found++;
    if (!each(folders[i], user)) return found;
  }
  return found;
}

bool vx_voc_lists(const char *root, bool (*each)(const char *name, void *user), void *user, vx_error *error) {
  vx_layout layout;
  if (!vx_layout_find(root, &layout, error)) return each_folder(root, each, user) > 0;
  bool ok = each_list(layout.root, each, user, error);
  vx_layout_free(&layout);
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
  each_list(root, append_name, &all, NULL);
  bool none = !strcmp(all.text, "all");
  return vx_fail(
      error, vx_where(error, "%s: list %s", root, split),
      "is not there; lists in ImageSets/Segmentation: %s; expected one of them, all (every mask) or a file's "
      "path",
      none ? "none" : all.text);
}

/* NAME.txt, or NAME itself where it has an ending, in one of the places; *list NULL: in none. */
static bool find_in_places(const char *root, const char *split, char **list, vx_error *error) {
  for (int p = 0; p < PLACES; p++)
    for (int bare = 0; bare < 2; bare++) {
      char *folder = vx_path_join(root, places[p], NULL);
      *list = folder ? vx_path_join(folder, split, bare ? "" : ".txt") : NULL;
      free(folder);
      if (!*list) return no_memory(root, error);
      if (vx_file_exists(*list)) return true;
      free(*list);
      *list = NULL;
    }
  return true;
}

static bool has_lists(const char *root) {
  names all = {""};
  each_list(root, append_name, &all, NULL);
  return strcmp(all.text, "all") != 0;
}

/* A name is looked for in the data set first; anything else is a path. *list NULL: every mask. */
static bool find_list(const char *root, const char *split, char **list, vx_error *error) {
  *list = NULL;
  if (*split && !strchr(split, '/') && !find_in_places(root, split, list, error)) return false;
  if (*list) return true;
  if (!strcmp(split, "all") || (!strcmp(split, "val") && !has_lists(root))) return true;
  if (!*split || !vx_file_exists(split)) return fail_list(root, split, error);
  *list = strdup(split);
  return *list || no_memory(root, error);
}

/* ---- the data set ---------------------------------------------------------------------------------------------- */

/* Relative to the root that was named. */
static const char *below(const char *root, const char *path) {
  size_t length = strlen(root);
  if (strncmp(path, root, length) != 0 || !path[length]) return path;
  return path + length + strspn(path + length, "/");
}

static bool describe(vx_voc *voc, const vx_layout *layout, vx_error *error) {
  char masks[400] = "";
  for (int i = 0; layout->masks[i]; i++) {
    size_t used = strlen(masks);
    snprintf(masks + used, sizeof masks - used, "%s%s", i ? ", " : "", below(voc->root, layout->masks[i]));
  }
  bool made = layout->flat ? asprintf(&voc->layout, "pictures and masks side by side in %s", layout->pictures) >= 0
                           : asprintf(&voc->layout, "pictures in %s, masks in %s", below(voc->root, layout->pictures),
                                      masks) >= 0;
  if (made) return true;
  voc->layout = NULL;
  return no_memory(voc->root, error);
}

static bool open_in(const vx_layout *layout, const char *split, const vx_label_rules *rules, vx_voc *voc,
                    vx_error *error) {
  return find_list(layout->root, split, &voc->list, error) && describe(voc, layout, error) &&
         vx_mask_reading_make(layout->root, rules, &voc->reading, &voc->classes, &voc->class_source, error) &&
         vx_voc_list_read(voc, layout, error);
}

/* The folder itself, or the folder of the split in it (train, valid, test): *split is "all" then. */
static bool find_layout(const char *root, const char **split, vx_layout *layout, vx_error *error) {
  if (vx_layout_find(root, layout, error)) return true;
  const char *const folders[] = {*split, !strcmp(*split, "val") ? "valid" : NULL, NULL};
  for (int i = 0; folders[i] && *folders[i] && !strchr(folders[i], '/'); i++) {
    char *folder = vx_path_join(root, folders[i], NULL);
    bool found = folder && vx_folder_exists(folder) && vx_layout_find(folder, layout, NULL);
    free(folder);
    if (found) *split = "all";
    if (found) return true;
  }
  return false;
}

static bool open_all(const char *root, const char *split, const vx_label_rules *rules, vx_voc *voc, vx_error *error) {
  vx_layout layout;
  if (!vx_folder_exists(root)) return vx_fail(error, root, "is not a folder, expected a data set in VOC's layout");
  if (!(voc->root = strdup(root))) return no_memory(root, error);
  if (!find_layout(root, &split, &layout, error)) return false;
  bool ok = open_in(&layout, split, rules, voc, error);
  vx_layout_free(&layout);
  return ok;
}

bool vx_voc_open(const char *root, const char *split, const vx_label_rules *rules, vx_voc *voc, vx_error *error) {
  *voc = (vx_voc){0};
  if (open_all(root, split, rules, voc, error)) return true;
  vx_voc_close(voc);
  return false;
}

void vx_voc_close(vx_voc *voc) {
  for (size_t i = 0; i < voc->count; i++) vx_voc_entry_free(&voc->entry[i]);
  free(voc->entry);
  vx_classes_free(&voc->classes);
  vx_mask_reading_free(&voc->reading);
  free(voc->root);
  free(voc->layout);
  free(voc->list);
  *voc = (vx_voc){0};
}

bool vx_voc_mask(const vx_voc *voc, const vx_voc_entry *entry, vx_mask *mask, vx_error *error) {
  if (!vx_mask_read(entry->mask, &voc->reading, mask, error)) return false;
  if (!mask->nameless || entry->data_class < 1) return true;
  size_t pixels = (size_t)mask->width * (size_t)mask->height;
  for (size_t i = 0; i < pixels; i++)
    if (mask->label[i] == VX_LABEL_OBJECT) mask->label[i] = (uint8_t)entry->data_class;
  mask->nameless = false;
  return true;
}

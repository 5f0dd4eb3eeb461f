#include "harness/data/voc_layout.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const picture_folders[] = {"JPEGImages", "images", "Images", "image", "imgs", "img"};
static const char *const mask_folders[] = {
    "SegmentationClass",  "SegmentationClassPNG", "SegmentationClassAug", "masks", "Masks", "mask", "labels",
    "annotations/trimaps"};
/* The last ones are read by nobody here, and named when they are tried. */
static const char *const picture_suffixes[] = {".jpg",  ".jpeg", ".JPG", ".JPEG", ".png", ".PNG", ".Jpg",
                                               ".webp", ".bmp",  ".tif", ".tiff", ".gif", ".heic"};
static const char *const mask_suffixes[] = {"",        "_mask", "_segmentation", "_seg",    "_label",
                                            "_labels", "_gt",   "-mask",         "_mask_0", "_labelIds"};
static const char *const mask_endings[] = {".png", ".PNG"};
/* No masks of ours, but found: reading them says what they are and how to convert them. */
static const char *const other_endings[] = {".bmp", ".tif", ".tiff", ".gif", ".webp", ".jpg", ".jpeg", ".npy"};

_Static_assert(COUNT(mask_folders) <= VX_MASK_FOLDERS, "room for every folder");

static bool no_memory(const char *where, vx_error *error) {
  return vx_fail(error, where, "no memory");
}

/* folder/id + a + b; NULL: no memory. */
static char *join(const char *folder, const char *id, const char *a, const char *b) {
  char suffix[40];
  strcpy(suffix, a);
  strcat(suffix, b);
  return vx_path_join(folder, id, suffix);
}

size_t vx_picture_stem(const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < COUNT(picture_suffixes); i++) {
    size_t n = strlen(picture_suffixes[i]);
    if (length > n && !strcasecmp(name + length - n, picture_suffixes[i])) return length - n;
  }
  return length;
}

/* ---- files of an image --------------------------------------------------------------------------------------------
 */

char *vx_layout_picture(const vx_layout *layout, const char *id, bool *there) {
  *there = false;
  for (size_t i = 0; i < COUNT(picture_suffixes); i++) {
    char *path = vx_path_join(layout->pictures, id, picture_suffixes[i]);
    if (!path || (*there = vx_file_exists(path))) return path;
    free(path);
  }
  return vx_path_join(layout->pictures, id, picture_suffixes[0]);
}

/* In one folder, with one of these endings; *found NULL where there is none. `picture` is no mask. False: no memory. */
static bool find_ending(const char *folder, const char *id, const char *picture, const char *const *endings,
                        size_t count, char **found) {
  *found = NULL;
  for (size_t s = 0; s < COUNT(mask_suffixes); s++)
    for (size_t e = 0; e < count; e++) {
      char *path = join(folder, id, mask_suffixes[s], endings[e]);
      if (!path) return false;
      if (vx_file_exists(path) && (!picture || strcmp(path, picture) != 0)) {
        *found = path;
        return true;
      }
      free(path);
    }
  return true;
}

static bool mask_in(const char *folder, const char *id, const char *picture, char **found) {
  return find_ending(folder, id, picture, mask_endings, COUNT(mask_endings), found);
}

char *vx_layout_mask(const vx_layout *layout, const char *id, bool *there) {
  char *found = NULL, *picture = NULL;
  bool has_picture, ok = true;
  if (layout->flat) ok = (picture = vx_layout_picture(layout, id, &has_picture)) != NULL;
  for (int i = 0; ok && layout->masks[i] && !found; i++) ok = mask_in(layout->masks[i], id, picture, &found);
  for (int i = 0; ok && layout->masks[i] && !found; i++)
    ok = find_ending(layout->masks[i], id, picture, other_endings, COUNT(other_endings), &found);
  free(picture);
  *there = found != NULL;
  if (!ok || found) return found;
  return vx_path_join(layout->masks[0], id, layout->flat ? "_mask.png" : ".png");
}

char *vx_layout_mask_beside(const char *picture) {
  const char *slash = strrchr(picture, '/');
  size_t stem = vx_picture_stem(slash ? slash + 1 : picture);
  char *folder = slash ? strndup(picture, (size_t)(slash - picture)) : strdup("."), *found = NULL;
  char *id = strndup(slash ? slash + 1 : picture, stem);
  if (folder && id) mask_in(folder, id, picture, &found);
  free(folder);
  free(id);
  return found;
}

/* ---- every mask ---------------------------------------------------------------------------------------------------
 */

static int is_png(const struct dirent *item) {
  size_t length = strlen(item->d_name);
  return length > 4 && !strcasecmp(item->d_name + length - 4, ".png");
}

/* Cuts a mask's name down to the id of a picture that is there and whose mask it is: not ID_mask.png beside ID.png, nor
   that of a later folder. */
static bool cut_to_id(const vx_layout *layout, const char *folder, char *name) {
  char *own = vx_path_join(folder, name, NULL);
  name[strlen(name) - 4] = 0;
  size_t length = strlen(name);
  for (size_t s = COUNT(mask_suffixes); s-- > 0;) {
    size_t n = strlen(mask_suffixes[s]);
    bool there;
    if (length <= n || strcmp(name + length - n, mask_suffixes[s]) != 0) continue;
    char cut = name[length - n];
    name[length - n] = 0;
    char *picture = vx_layout_picture(layout, name, &there), *mask = vx_layout_mask(layout, name, &there);
    bool good = own && picture && mask && there && !strcmp(mask, own) && vx_file_exists(picture);
    free(picture);
    free(mask);
    if (good) {
      free(own);
      return true;
    }
    name[length - n] = cut;
  }
  free(own);
  return false;
}

bool vx_layout_masks(const vx_layout *layout, bool (*each)(const char *id, void *user), void *user, vx_error *error) {
  bool ok = true;
  for (int f = 0; ok && layout->masks[f]; f++) {
    struct dirent **item = NULL;
    int count = scandir(layout->masks[f], &item, is_png, alphasort);
    ok = count >= 0 || vx_fail(error, layout->masks[f], "cannot be read: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
      ok = ok && (!cut_to_id(layout, layout->masks[f], item[i]->d_name) || each(item[i]->d_name, user));
      free(item[i]);
    }
    free(item);
  }
  return ok;
}

static bool stop(const char *id, void *user) {
  (void)id;
  *(bool *)user = true;
  return false;
}

static bool any_mask(const vx_layout *layout) {
  bool found = false;
  vx_layout_masks(layout, stop, &found, NULL);
  return found;
}

/* ---- folders ------------------------------------------------------------------------------------------------------
 */

static bool holds_png(const char *folder) {
  struct dirent **item = NULL;
  int count = scandir(folder, &item, is_png, NULL);
  for (int i = 0; i < count; i++) free(item[i]);
  free(item);
  return count > 0;
}

/* Folders with PNGs first: labelme's SegmentationClass holds arrays, its SegmentationClassPNG the masks. */
static bool find_mask_folders(vx_layout *layout, vx_error *error) {
  int count = 0;
  for (int with = 1; with >= 0; with--)
    for (size_t i = 0; i < COUNT(mask_folders); i++) {
      char *path = vx_path_join(layout->root, mask_folders[i], NULL);
      if (!path) return no_memory(layout->root, error);
      if (vx_folder_exists(path) && holds_png(path) == (with == 1))
        layout->masks[count++] = path;
      else
        free(path);
    }
  return true;
}

static bool find_folders(vx_layout *layout, vx_error *error) {
  for (size_t i = 0; i < COUNT(picture_folders) && !layout->pictures; i++) {
    layout->pictures = vx_path_join(layout->root, picture_folders[i], NULL);
    if (!layout->pictures) return no_memory(layout->root, error);
    if (vx_folder_exists(layout->pictures)) continue;
    free(layout->pictures);
    layout->pictures = NULL;
  }
  if (layout->pictures && !find_mask_folders(layout, error)) return false;
  if (layout->masks[0]) return true;
  bool named = layout->pictures != NULL;
  layout->flat = true; /* pictures and masks in one folder */
  if (!named) layout->pictures = strdup(layout->root);
  layout->masks[0] = layout->pictures ? strdup(layout->pictures) : NULL;
  if (!layout->masks[0]) return no_memory(layout->root, error);
  if (any_mask(layout)) return true;
  return vx_fail(error, layout->root,
                 "has no folder %s, expected a data set in VOC's layout (JPEGImages and SegmentationClass; images and "
                 "masks), or pictures with their ID_mask.png in one folder",
                 named ? "SegmentationClass" : "JPEGImages");
}

static void forget(vx_layout *layout) {
  free(layout->pictures);
  layout->pictures = NULL;
  for (int i = 0; layout->masks[i]; i++) {
    free(layout->masks[i]);
    layout->masks[i] = NULL;
  }
  layout->flat = false;
}

static int is_year(const struct dirent *item) {
  return !strncmp(item->d_name, "VOC20", 5) && strlen(item->d_name) == 7;
}

/* The newest VOC20.. in a folder that holds pictures and masks; true: `layout` is that one's. */
static bool find_year(const char *folder, vx_layout *layout) {
  struct dirent **item = NULL;
  int count = scandir(folder, &item, is_year, alphasort);
  bool found = false;
  char *root = layout->root;
  for (int i = count - 1; i >= 0; i--) {
    if (!found && (layout->root = vx_path_join(folder, item[i]->d_name, NULL))) {
      found = find_folders(layout, NULL) && !layout->flat;
      if (!found) {
        forget(layout);
        free(layout->root);
      }
    }
    free(item[i]);
  }
  free(item);
  if (found)
    free(root);
  else
    layout->root = root;
  return found;
}

static bool find_below(vx_layout *layout) {
  if (find_year(layout->root, layout)) return true;
  char *devkit = vx_path_join(layout->root, "VOCdevkit", NULL);
  bool found = devkit && find_year(devkit, layout);
  free(devkit);
  return found;
}

bool vx_layout_find(const char *root, vx_layout *layout, vx_error *error) {
  vx_error reason;
  *layout = (vx_layout){.root = strdup(root)};
  if (!layout->root) return no_memory(root, error);
  if (find_folders(layout, &reason)) return true;
  forget(layout);
  if (find_below(layout)) return true;
  vx_layout_free(layout);
  return vx_fail(error, reason.where, "%s", reason.why);
}

void vx_layout_free(vx_layout *layout) {
  forget(layout);
  free(layout->root);
  *layout = (vx_layout){.root = NULL};
}

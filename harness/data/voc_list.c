#include "harness/data/voc_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { COLUMNS = 16 };

/* A list being read. */
typedef struct reader {
  vx_voc *voc;
  const vx_layout *layout;
  const char *name; /* of the list in errors */
  char *folder;     /* that it lies in */
  int line;
  size_t room, left_out;
  bool csv, paths, pairs;
  bool lost;              /* memory was out where a file was looked for: what was found is not to be trusted */
  char mark;              /* between columns of a CSV */
  int image, mask, class; /* columns of a CSV, -1: none */
  vx_error *error;
} reader;

static bool no_memory(const reader *r) {
  return vx_fail(r->error, r->name, "no memory");
}

static const char *here(const reader *r) {
  return vx_where(r->error, "%s:%d", r->name, r->line);
}

/* ---- entries ------------------------------------------------------------------------------------------------------
 */

void vx_voc_entry_free(vx_voc_entry *entry) {
  free(entry->id);
  free(entry->alias);
  free(entry->image);
  free(entry->mask);
  free(entry->object_mask);
  free(entry->annotation);
}

static char *in_folder(const reader *r, const char *folder, const char *id, const char *suffix) {
  char *path = vx_path_join(r->layout->root, folder, NULL);
  char *file = path ? vx_path_join(path, id, suffix) : NULL;
  free(path);
  return file;
}

static bool check_id(const reader *r, const char *id) {
  if (vx_has_control(id)) return vx_fail(r->error, here(r), "the image id has a control character");
  if (!strncmp(id, "..", 2) || strchr(id, '/'))
    return vx_fail(r->error, here(r),
                   "image id \"%.100s\" is a path to no picture, expected a name inside the data set", id);
  if (strlen(id) > 200) return vx_fail(r->error, here(r), "image id of %zu bytes, expected at most 200", strlen(id));
  return true;
}

/* Takes id, image and mask (NULL: where the layout has it); `given` is how the list called the picture. */
static bool add_entry(reader *r, char *id, char *image, char *mask, const char *given, int data_class) {
  vx_voc *voc = r->voc;
  bool there;
  vx_voc_entry entry = {.id = id, .image = image, .mask = mask, .data_class = data_class};
  if (!id) {
    no_memory(r);
  } else if (check_id(r, id)) {
    if (!entry.mask) {
      entry.mask = vx_layout_mask(r->layout, id, &there);
      char *beside = entry.mask && image && !there && strchr(given, '/') ? vx_layout_mask_beside(image) : NULL;
      if (beside) free(entry.mask), entry.mask = beside;
    }
    entry.object_mask = in_folder(r, "SegmentationObject", id, ".png");
    entry.annotation =
        r->layout->flat ? vx_path_join(r->layout->pictures, id, ".xml") : in_folder(r, "Annotations", id, ".xml");
    entry.alias = strndup(given, vx_picture_stem(given));
    bool room = voc->count < r->room;
    if (!room) {
      size_t more = r->room ? r->room * 2 : 256;
      vx_voc_entry *wider = realloc(voc->entry, more * sizeof *wider);
      if (wider) voc->entry = wider, r->room = more, room = true;
    }
    if (room && entry.image && entry.mask && entry.object_mask && entry.annotation && entry.alias) {
      voc->entry[voc->count++] = entry;
      return true;
    }
    no_memory(r);
  }
  vx_voc_entry_free(&entry);
  return false;
}

/* ---- names and paths ----------------------------------------------------------------------------------------------
 */

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool is_picture_name(const char *text) {
  return vx_picture_stem(text) < strlen(text);
}

static bool picture_exists(reader *r, const char *id) {
  bool there;
  char *path = vx_layout_picture(r->layout, id, &there);
  r->lost = r->lost || !path;
  free(path);
  return path && there;
}

/* A file that a list names: as it stands, below the root (also with a slash ahead), beside the list, in `folder`; NULL:
   none of these is there. */
static char *find_file(reader *r, const char *text, const char *folder) {
  const char *inner = text + strspn(text, "/");
  const char *const places[] = {r->layout->root, r->folder, folder};
  if (*text == '/' && vx_file_exists(text)) return strdup(text);
  for (int i = 0; i < 3; i++) {
    char *path = vx_path_join(places[i], inner, NULL);
    r->lost = r->lost || !path;
    if (path && vx_file_exists(path)) return path;
    free(path);
  }
  return NULL;
}

/* A picture by id, id with ending, or path. A path from elsewhere ("/home/me/VOC2012/JPEGImages/x.jpg") is the data
   set's own picture of that name, where there is one. */
static bool add_picture(reader *r, const char *text, char *mask, int data_class) {
  bool there, path = strchr(text, '/') != NULL;
  const char *base = base_name(text);
  if (!path && (picture_exists(r, text) || !is_picture_name(text)))
    return add_entry(r, strdup(text), vx_layout_picture(r->layout, text, &there), mask, text, data_class);
  char *id = strndup(base, vx_picture_stem(base)), *image = find_file(r, text, r->layout->pictures);
  if (id && !image && path && !picture_exists(r, id) && !is_picture_name(text)) {
    free(id); /* no picture at all: the whole text is the id, and is refused */
    return add_entry(r, strdup(text), strdup(""), mask, text, data_class);
  }
  if (id && !image) image = vx_layout_picture(r->layout, id, &there);
  r->paths = r->paths || path;
  return add_entry(r, id, image, mask, text, data_class);
}

/* A second file: a mask; one that is not there is where the list says, and missing. */
static char *find_mask(reader *r, const char *text) {
  char *path = find_file(r, text, r->layout->masks[0]);
  if (path) return path;
  const char *base = base_name(text);
  path = vx_path_join(r->layout->masks[0], base, NULL);
  if (path && vx_file_exists(path)) return path;
  free(path);
  return *text == '/' ? strdup(text) : vx_path_join(r->layout->root, text, NULL);
}

static bool add_pair(reader *r, const char *image, const char *mask_text, int data_class) {
  char *mask = find_mask(r, mask_text);
  r->pairs = true;
  return mask ? add_picture(r, image, mask, data_class) : no_memory(r);
}

/* ---- lines --------------------------------------------------------------------------------------------------------
 */

static bool read_number(const char *text, long *number) {
  char *end;
  *number = strtol(text, &end, 10);
  return end != text && !*end;
}

/* "image mask", parted by `mark`: both with endings of pictures. Cuts the line. */
static bool is_pair(char *line, char mark, char **second) {
  char *at = strchr(line, mark);
  if (!at) return false;
  *at = 0;
  *second = vx_trim(at + 1);
  if (is_picture_name(vx_trim(line)) && is_picture_name(*second)) return true;
  *at = mark;
  return false;
}

/* An id and what may stand behind it, as voc.h says. */
static bool add_line(reader *r, char *line) {
  char *second = NULL, *at = line;
  long number;
  if (is_pair(line, '\t', &second) || is_pair(line, ',', &second)) return add_pair(r, vx_trim(line), second, 0);
  char *id = vx_trim(strsep(&at, "\t"));
  if (at && read_number(vx_trim(at), &number) && number < 0) {
    r->left_out++;
    return true;
  }
  char *last = strrchr(id, ' '), *first = strchr(id, ' ');
  if (!*id) return true;
  if (!last || picture_exists(r, id)) return add_picture(r, id, NULL, 0);
  if (read_number(last + 1, &number)) {
    *last = 0;
    if (number >= 0) return add_picture(r, vx_trim(id), NULL, 0);
    r->left_out++;
    return true;
  }
  if (is_pair(id, ' ', &second)) return add_pair(r, vx_trim(id), second, 0);
  *first = 0;
  if (!picture_exists(r, id) && !is_picture_name(id)) *first = ' ';
  return add_picture(r, id, NULL, 0);
}

/* ---- CSV ----------------------------------------------------------------------------------------------------------
 */

/* Cuts a line at `mark`, quotes taken off; how many columns. */
static int cut_columns(char *line, char mark, char *columns[COLUMNS]) {
  int count = 0;
  for (char *at = line; at && count < COLUMNS; count++) {
    while (*at == ' ') at++;
    bool quoted = *at == '"';
    char *end = quoted ? strchr(at + 1, '"') : NULL;
    char *next = strchr(end ? end : at, mark);
    if (next) *next = 0;
    if (end) *end = 0;
    columns[count] = vx_trim(end ? at + 1 : at);
    at = next ? next + 1 : NULL;
  }
  return count;
}

static int find_column(char *const columns[], int count, const char *const *names) {
  for (; *names; names++)
    for (int i = 0; i < count; i++)
      if (vx_same_name(columns[i], *names)) return i;
  return -1;
}

/* Whether the first line is the head of a table with a column of pictures. */
static bool is_head(reader *r, const char *line) {
  static const char *const images[] = {"image",     "image_path", "img", "picture", "filename",
                                       "file_name", "image_id",   "id",  NULL};
  static const char *const masks[] = {"mask", "mask_path", "segmentation", "seg", "annotation", "label_path", NULL};
  static const char *const classes[] = {"class", "class_name", "category", "label", NULL};
  char *columns[COLUMNS], *copy = strdup(line);
  r->mark = strchr(line, ',') ? ',' : strchr(line, ';') ? ';' : '\t';
  int count = copy && strchr(copy, r->mark) ? cut_columns(copy, r->mark, columns) : 0;
  r->image = find_column(columns, count, images);
  r->mask = find_column(columns, count, masks);
  r->class = find_column(columns, count, classes);
  free(copy);
  r->csv = r->image >= 0 && (r->mask >= 0 || r->class >= 0 || count == 1);
  return r->csv;
}

static bool add_row(reader *r, char *line) {
  char *columns[COLUMNS];
  int count = cut_columns(line, r->mark, columns), data_class = 0;
  if (count <= r->image || !*columns[r->image]) return vx_fail(r->error, here(r), "has no image");
  if (r->class >= 0 && r->class < count && *columns[r->class]) {
    data_class = vx_classes_find(&r->voc->classes, columns[r->class]);
    if (data_class < 0)
      return vx_fail(r->error, here(r), "has the class \"%.60s\", which the data set does not have", columns[r->class]);
  }
  if (r->mask >= 0 && r->mask < count && *columns[r->mask])
    return add_pair(r, columns[r->image], columns[r->mask], data_class);
  return add_picture(r, columns[r->image], NULL, data_class);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------
 */

static int by_id(const void *a, const void *b) {
  return strcmp((*(const vx_voc_entry *const *)a)->id, (*(const vx_voc_entry *const *)b)->id);
}

/* An id that occurs twice; NULL: none, or no memory. */
static const char *find_twin(const vx_voc *voc) {
  const vx_voc_entry **sorted = malloc(voc->count * sizeof *sorted);
  const char *twin = NULL;
  for (size_t i = 0; sorted && i < voc->count; i++) sorted[i] = &voc->entry[i];
  if (sorted) qsort(sorted, voc->count, sizeof *sorted, by_id);
  for (size_t i = 1; sorted && !twin && i < voc->count; i++)
    if (!strcmp(sorted[i - 1]->id, sorted[i]->id)) twin = sorted[i]->id;
  free(sorted);
  return twin;
}

/* Pictures of one name in several folders are told apart by their paths. */
static void take_aliases(vx_voc *voc) {
  for (size_t i = 0; i < voc->count; i++) {
    vx_voc_entry *e = &voc->entry[i];
    size_t length = strlen(e->alias), lead = strspn(e->alias, "/.");
    if (length > 200) return;
    for (size_t k = lead; k < length; k++)
      if (e->alias[k] == '/') e->alias[k] = '_';
    char *id = strdup(e->alias + lead);
    if (!id) return;
    free(e->id);
    e->id = id;
  }
}

static bool check_twins(const reader *r) {
  if (r->paths && find_twin(r->voc)) take_aliases(r->voc);
  const char *twin = find_twin(r->voc);
  return !twin || vx_fail(r->error, r->name, "lists image \"%.100s\" twice", twin);
}

static bool parse(reader *r, const vx_file *file) {
  vx_lines lines;
  if (!vx_lines_open(file, r->name, &lines, r->error)) return false;
  bool first = true;
  for (char *line; (line = vx_lines_next(&lines));) {
    r->line = lines.number;
    line = vx_trim(line);
    if (!*line) continue;
    for (char *c = picture_exists(r, line) ? NULL : strchr(line, '\\'); c; c = strchr(c, '\\')) *c = '/'; /* Windows */
    bool head = first && is_head(r, line);
    first = false;
    if (!head && !(r->csv ? add_row(r, line) : add_line(r, line))) return false;
    if (r->lost) return no_memory(r);
  }
  r->voc->list_kind = r->csv ? "a table" : r->pairs ? "pairs of image and mask" : r->paths ? "paths" : "ids";
  r->voc->left_out = r->left_out;
  if (r->voc->count == 0)
    return vx_fail(r->error, r->name, "lists no image, expected one id a line%s",
                   r->left_out ? " (all lines have -1, which leaves an image out)" : "");
  return check_twins(r);
}

static bool add_mask(const char *id, void *user) {
  reader *r = user;
  bool there;
  r->line++;
  return add_entry(r, strdup(id), vx_layout_picture(r->layout, id, &there), NULL, id, 0);
}

static bool list_masks(reader *r) {
  r->voc->list_kind = "every mask that has a picture";
  if (!vx_layout_masks(r->layout, add_mask, r, r->error)) return false;
  return r->voc->count > 0 || vx_fail(r->error, r->name, "has no mask with a picture of the same name");
}

bool vx_voc_list_read(vx_voc *voc, const vx_layout *layout, vx_error *error) {
  reader r = {.voc = voc, .layout = layout, .name = voc->list ? voc->list : layout->masks[0], .error = error};
  if (!voc->list) return list_masks(&r);
  vx_file file;
  const char *slash = strrchr(voc->list, '/');
  r.folder = slash ? strndup(voc->list, (size_t)(slash - voc->list)) : strdup(".");
  if (!r.folder) return no_memory(&r);
  bool ok = vx_text_read(voc->list, &file, error);
  if (ok) {
    ok = parse(&r, &file);
    vx_file_free(&file);
  }
  free(r.folder);
  return ok;
}

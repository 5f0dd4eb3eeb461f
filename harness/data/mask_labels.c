#include "harness/data/mask_labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/nearest.h"
#include "base/text.h"

const char vx_mask_presets[] = "voc|binary|imagenet-s|isic|pet";

/* A line of labelmap.txt or _classes.csv. */
typedef struct named {
  char *name;
  uint32_t from; /* a colour of the one, a value of the other */
  bool colour;
} named;

typedef struct maker {
  const char *root;
  const vx_label_rules *rules;
  vx_mask_reading *reading;
  vx_classes *classes;
  const char *source;
  char *path; /* of the file that names */
  int named_count;
  named named[VX_LABELS];
  vx_error *error;
} maker;

static bool no_memory(const maker *m) {
  return vx_fail(m->error, m->root ? m->root : "data.labels", "no memory for its labels");
}

/* ---- files beside the data ----------------------------------------------------------------------------------------
 */

/* "name:r,g,b:parts:actions" */
static bool parse_colour_line(const maker *m, char *line, int number, named *out) {
  char *colon = strchr(line, ':');
  unsigned r, g, b;
  if (!colon || sscanf(colon + 1, " %3u , %3u , %3u", &r, &g, &b) != 3 || r > 255 || g > 255 || b > 255)
    return vx_fail(m->error, vx_where(m->error, "%s:%d", m->path, number),
                   "is \"%.60s\", expected name:r,g,b:parts:actions", line);
  *colon = 0;
  *out = (named){.name = strdup(vx_trim(line)), .from = r << 16 | g << 8 | b, .colour = true};
  return out->name || no_memory(m);
}

/* "value, name"; a first line of words is a head. */
static bool parse_value_line(const maker *m, char *line, int number, named *out) {
  char *comma = strchr(line, ','), *end = line;
  unsigned long value = strtoul(line, &end, 10);
  bool good = comma && end != line && !*vx_trim((*comma = 0, end)) && value <= 65535;
  if (!good && number == 1) return true;
  if (!good) return vx_fail(m->error, vx_where(m->error, "%s:%d", m->path, number), "is no line \"value, name\"");
  *out = (named){.name = strdup(vx_trim(comma + 1)), .from = (uint32_t)value};
  return out->name || no_memory(m);
}

static bool parse_named(maker *m, const vx_file *file, bool (*parse)(const maker *, char *, int, named *)) {
  vx_lines lines;
  if (!vx_lines_open(file, m->path, &lines, m->error)) return false;
  for (char *line; (line = vx_lines_next(&lines));) {
    line = vx_trim(line);
    if (!*line || *line == '#') continue;
    if (m->named_count == VX_LABELS)
      return vx_fail(m->error, vx_where(m->error, "%s:%d", m->path, lines.number), "is beyond %d names", VX_LABELS);
    if (!parse(m, line, lines.number, &m->named[m->named_count])) return false;
    m->named_count += m->named[m->named_count].name != NULL;
  }
  return m->named_count > 0 || vx_fail(m->error, m->path, "names no class");
}

static bool is_class(const named *n) {
  bool black_void = n->colour && n->from == vx_voc_colour(VX_LABEL_VOID);
  return !vx_is_background(n->name) && !vx_is_void(n->name) && !black_void;
}

/* The names of texts that are not VOC's classes, all of them; of VOC's alone its own list. */
static bool classes_of(maker *m, const char *const *names, int count) {
  vx_classes voc;
  if (!vx_classes_voc(&voc, m->error)) return false;
  int known = 0;
  for (int i = 0; i < count; i++) known += vx_classes_find(&voc, names[i]) > 0;
  if (known == count) {
    *m->classes = voc;
    return true;
  }
  vx_classes_free(&voc);
  return vx_classes_of(names, count, m->path ? m->path : "data.labels", m->classes, m->error);
}

static bool classes_of_named(maker *m) {
  const char *names[VX_LABELS];
  int count = 0;
  for (int i = 0; i < m->named_count; i++)
    if (is_class(&m->named[i])) names[count++] = m->named[i].name;
  return classes_of(m, names, count);
}

/* m->path is the file of that name in the folder. */
static bool find_file(maker *m, const char *name, bool *there) {
  free(m->path);
  m->path = vx_path_join(m->root, name, NULL);
  *there = m->path && vx_file_exists(m->path);
  return m->path || no_memory(m);
}

static bool read_named(maker *m, const char *name, bool (*parse)(const maker *, char *, int, named *), bool *there) {
  vx_file file;
  if (!find_file(m, name, there)) return false;
  if (!*there) return true;
  if (!vx_text_read(m->path, &file, m->error)) return false;
  bool ok = parse_named(m, &file, parse);
  vx_file_free(&file);
  return ok;
}

static bool read_list(maker *m, const char *name, bool *there) {
  if (!find_file(m, name, there)) return false;
  if (*there) m->source = name;
  return !*there || vx_classes_read(m->path, m->classes, m->error);
}

/* ---- class names --------------------------------------------------------------------------------------------------
 */

static bool is_whole(const char *text, unsigned long most, unsigned long *value) {
  char *end;
  if (*text < '0' || *text > '9') return false;
  *value = strtoul(text, &end, 10);
  return !*end && *value <= most;
}

static bool numbered_classes(maker *m) {
  char text[VX_LABELS][16];
  const char *names[VX_LABELS];
  for (int i = 1; i < VX_LABEL_VOID; i++) {
    snprintf(text[i], sizeof text[i], "class %d", i);
    names[i - 1] = text[i];
  }
  m->source = "numbers";
  return vx_classes_of(names, VX_LABEL_VOID - 1, "data.labels", m->classes, m->error);
}

static bool has_preset(const maker *m, const char *name) {
  return m->rules->preset && !strcmp(m->rules->preset, name);
}

/* Without a file that names them. */
static bool classes_of_rules(maker *m) {
  const char *names[VX_LABELS];
  int count = 0;
  const vx_label_rules *rules = m->rules;
  const char *object = has_preset(m, "isic") ? "lesion" : has_preset(m, "pet") ? "pet" : "object";
  m->source = "data.labels";
  if (has_preset(m, "binary") || has_preset(m, "isic") || has_preset(m, "pet") ||
      (rules->encoding == VX_MASK_BINARY && rules->count == 0))
    return vx_classes_of(&object, 1, "data.labels", m->classes, m->error);
  if ((has_preset(m, "imagenet-s") || rules->encoding == VX_MASK_RGB_ID) && rules->count == 0)
    return numbered_classes(m);
  for (int i = 0; i < rules->count && count < VX_LABEL_VOID; i++) {
    unsigned long number;
    bool seen = vx_is_background(rules->to[i]) || vx_is_void(rules->to[i]) || is_whole(rules->to[i], 255, &number);
    for (int k = 0; k < count && !seen; k++) seen = vx_same_name(names[k], rules->to[i]);
    if (!seen) names[count++] = rules->to[i];
  }
  if (!count) m->source = "VOC's";
  free(m->path);
  m->path = NULL;
  return classes_of(m, names, count);
}

static bool read_names(maker *m) {
  bool there = false;
  if (!m->root) return classes_of_rules(m);
  if (!read_list(m, "classes.txt", &there)) return false;
  if (!there && !read_list(m, "class_names.txt", &there)) return false;
  bool listed = there;
  if (!read_named(m, "labelmap.txt", parse_colour_line, &there)) return false;
  if (there && !listed) m->source = "labelmap.txt";
  if (!there) {
    if (!read_named(m, "_classes.csv", parse_value_line, &there)) return false;
    if (there && !listed) m->source = "_classes.csv";
  }
  if (listed) return true;
  return there ? classes_of_named(m) : classes_of_rules(m);
}

/* ---- labels -------------------------------------------------------------------------------------------------------
 */

static bool add_label(maker *m, uint32_t from, bool colour, int label) {
  vx_mask_reading *r = m->reading;
  for (size_t i = 0; i < r->count; i++)
    if (r->label[i].from == from && r->label[i].colour == colour) {
      r->label[i].label = (uint8_t)label; /* what the configuration says comes after what the file says */
      return true;
    }
  vx_mask_label *more = realloc(r->label, (r->count + 1) * sizeof *more);
  if (!more) return no_memory(m);
  r->label = more;
  r->label[r->count++] = (vx_mask_label){from, colour, (uint8_t)label};
  return true;
}

static bool find_class(const maker *m, const char *name, const char *where, int *label) {
  unsigned long number;
  *label = VX_LABEL_BACKGROUND;
  if (vx_is_background(name)) return true;
  *label = VX_LABEL_VOID;
  if (vx_is_void(name)) return true;
  *label = is_whole(name, VX_LABEL_VOID, &number) ? (int)number : vx_classes_find(m->classes, name);
  bool there = *label >= 0 && (*label < m->classes->count || *label == VX_LABEL_VOID);
  if (there) return true;
  vx_words known = VX_WORD_ARRAY((const char *const *)m->classes->name, m->classes->count);
  return vx_fail(m->error, where,
                 "is \"%.60s\", expected a class of the data set (1 to %d or its name), background or void%s", name,
                 m->classes->count - 1, vx_meant(name, known, NULL).text);
}

/* The colours of labelmap.txt, the values of _classes.csv. */
static bool take_named(maker *m) {
  int label;
  for (int i = 0; i < m->named_count; i++) {
    const named *n = &m->named[i];
    label = VX_LABEL_VOID;
    if ((is_class(n) || vx_is_background(n->name)) && !find_class(m, n->name, m->path, &label)) return false;
    if (!add_label(m, n->from, n->colour, label)) return false;
  }
  return true;
}

/* What stands on a rule's left side. */
static bool find_from(maker *m, const char *text, uint32_t *from, bool *colour) {
  unsigned long value;
  char *end;
  *colour = *text == '#';
  if (*colour) {
    *from = (uint32_t)strtoul(text + 1, &end, 16);
    if (strlen(text) == 7 && !*end && text[1] != '-' && text[1] != '+') return true;
  } else if (is_whole(text, 0xffffff, &value)) {
    *from = (uint32_t)value;
    return true;
  }
  for (int i = 0; i < m->named_count; i++)
    if (vx_same_name(m->named[i].name, text)) {
      *from = m->named[i].from, *colour = m->named[i].colour;
      return true;
    }
  int label = vx_classes_find(m->classes, text);
  *from = (uint32_t)(label < 0 ? 0 : label);
  return label >= 0 ||
         vx_fail(m->error, "data.labels",
                 "\"%.60s\" is neither a value, a colour as \"#rrggbb\", other, nor a name of labelmap.txt "
                 "or of a class",
                 text);
}

static bool take_rule(maker *m, const char *from_text, const char *to) {
  char where[100];
  uint32_t from;
  bool colour;
  int label;
  snprintf(where, sizeof where, "data.labels: %.60s", from_text);
  if (!find_class(m, to, where, &label)) return false;
  if (!strcmp(from_text, "other")) {
    m->reading->other_given = true;
    m->reading->other = (uint8_t)label;
    return true;
  }
  return find_from(m, from_text, &from, &colour) && add_label(m, from, colour, label);
}

static bool take_preset(maker *m) {
  vx_mask_reading *r = m->reading;
  if (!m->rules->preset) return true;
  if (has_preset(m, "voc")) {
    r->voc = true;
  } else if (has_preset(m, "binary") || has_preset(m, "isic")) {
    r->encoding = VX_MASK_BINARY;
  } else if (has_preset(m, "imagenet-s")) {
    r->encoding = VX_MASK_RGB_ID;
    for (uint32_t id = 1; id < VX_LABEL_VOID; id++)
      if (!add_label(m, id, false, (int)id)) return false;
    return add_label(m, 1000, false, VX_LABEL_VOID);
  } else if (has_preset(m, "pet")) {
    bool one = m->classes->count == 2;
    if (!one) r->class_count = 0; /* an object, of no class that is named */
    return add_label(m, 1, false, one ? 1 : VX_LABEL_OBJECT) && add_label(m, 2, false, VX_LABEL_BACKGROUND) &&
           add_label(m, 3, false, VX_LABEL_VOID);
  }
  return true;
}

static bool make(maker *m) {
  if (!read_names(m)) return false;
  vx_mask_reading *r = m->reading;
  r->class_count = m->classes->count;
  r->encoding = m->rules->encoding;
  if (!take_preset(m) || !take_named(m)) return false;
  for (int i = 0; i < m->rules->count; i++)
    if (!take_rule(m, m->rules->from[i], m->rules->to[i])) return false;
  return true;
}

bool vx_mask_reading_make(const char *root, const vx_label_rules *rules, vx_mask_reading *reading, vx_classes *classes,
                          const char **source, vx_error *error) {
  static const vx_label_rules none = {VX_MASK_AUTO};
  maker m = {.root = root,
             .rules = rules ? rules : &none,
             .reading = reading,
             .classes = classes,
             .source = "VOC's",
             .error = error};
  *reading = (vx_mask_reading){VX_MASK_AUTO};
  *classes = (vx_classes){0};
  bool ok = make(&m);
  *source = m.source;
  for (int i = 0; i < m.named_count; i++) free(m.named[i].name);
  free(m.path);
  if (ok) return true;
  vx_mask_reading_free(reading);
  vx_classes_free(classes);
  return false;
}

void vx_mask_reading_free(vx_mask_reading *reading) {
  free(reading->label);
  *reading = (vx_mask_reading){VX_MASK_AUTO};
}

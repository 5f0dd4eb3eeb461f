#include "harness/data/annotation.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "base/file.h"
#include "base/text.h"

/* A file being read, for errors. */
typedef struct reader {
  const char *name;
  vx_annotation *annotation;
  vx_error *error;
} reader;

/* Where the trouble with a field is to be told; NULL: another one was before it. */
static vx_error *trouble(const reader *r) {
  return r->annotation->bad++ ? NULL : &r->annotation->trouble;
}

static void tell_field(const reader *r, const xmlNode *node, const char *found, const char *expected) {
  vx_error *to = trouble(r);
  vx_fail(to, vx_where(to, "%s:%ld: <%s>", r->name, xmlGetLineNo(node), (const char *)node->name),
          "is \"%.100s\", expected %s", found, expected);
}

static bool is_element(const xmlNode *node, const char *name) {
  return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

static const xmlNode *find(const xmlNode *parent, const char *name) {
  for (const xmlNode *node = parent ? parent->children : NULL; node; node = node->next)
    if (is_element(node, name)) return node;
  return NULL;
}

/* The element's own text, blanks around it cut off; "" for an empty or missing element. Entity references are not
   followed. NULL: no memory. */
static char *read_text(const xmlNode *element) {
  xmlChar *all = xmlStrdup((const xmlChar *)"");
  for (const xmlNode *node = element ? element->children : NULL; node && all; node = node->next)
    if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content)
      all = xmlStrcat(all, node->content);
  char *text = all ? strdup(vx_trim((char *)all)) : NULL;
  xmlFree(all);
  return text;
}

/* A number, or `*value` as it is when the element is empty or missing. */
static bool read_number(const reader *r, const xmlNode *parent, const char *name, double *value) {
  const xmlNode *node = find(parent, name);
  char *text = read_text(node), *end;
  if (!text) return vx_fail(r->error, r->name, "no memory");
  if (*text) {
    double number = strtod(text, &end);
    if (!*end && isfinite(number))
      *value = number;
    else
      tell_field(r, node, text, "a number");
  }
  free(text);
  return true;
}

static bool read_side(const reader *r, const xmlNode *parent, const char *name, int *value) {
  double number = 0;
  if (!read_number(r, parent, name, &number)) return false;
  bool good = number >= 0 && number <= INT_MAX && number == floor(number);
  if (!good) {
    vx_error *to = trouble(r);
    vx_fail(to, vx_where(to, "%s: <size><%s>", r->name, name), "is %g, expected a whole number of pixels", number);
  }
  *value = good ? (int)number : 0;
  return true;
}

/* 1 or 0, also as true, yes, false, no; -1 for an empty or missing element. */
static bool read_flag(const reader *r, const xmlNode *parent, const char *name, int *value) {
  static const char *const yes[] = {"1", "true", "yes"}, *const no[] = {"0", "false", "no"};
  const xmlNode *node = find(parent, name);
  char *text = read_text(node);
  if (!text) return vx_fail(r->error, r->name, "no memory");
  *value = -1;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    if (!strcasecmp(text, yes[i])) *value = 1;
    if (!strcasecmp(text, no[i])) *value = 0;
  }
  if (*text && *value < 0) tell_field(r, node, text, "0 or 1");
  free(text);
  return true;
}

static bool read_box(const reader *r, const xmlNode *object, vx_object *o) {
  const xmlNode *box = find(object, "bndbox");
  o->x_min = o->y_min = o->x_max = o->y_max = NAN;
  if (!read_number(r, box, "xmin", &o->x_min) || !read_number(r, box, "ymin", &o->y_min) ||
      !read_number(r, box, "xmax", &o->x_max) || !read_number(r, box, "ymax", &o->y_max))
    return false;
  if (o->x_max < o->x_min || o->y_max < o->y_min) {
    vx_error *to = trouble(r);
    vx_fail(to, vx_where(to, "%s:%ld: <bndbox>", r->name, xmlGetLineNo(box)),
            "goes from (%g, %g) to (%g, %g), expected maxima not below minima", o->x_min, o->y_min, o->x_max, o->y_max);
    o->x_min = o->y_min = o->x_max = o->y_max = NAN;
  }
  return true;
}

static bool read_object(const reader *r, const xmlNode *node, vx_object *o) {
  o->name = read_text(find(node, "name"));
  o->pose = read_text(find(node, "pose"));
  if (!o->name || !o->pose) return vx_fail(r->error, r->name, "no memory");
  if (!*o->name) {
    vx_error *to = trouble(r);
    vx_fail(to, vx_where(to, "%s:%ld: <object>", r->name, xmlGetLineNo(node)),
            "has no <name>, expected the name of a class");
  }
  return read_flag(r, node, "difficult", &o->difficult) && read_flag(r, node, "truncated", &o->truncated) &&
         read_flag(r, node, "occluded", &o->occluded) && read_box(r, node, o);
}

static bool read_objects(const reader *r, const xmlNode *root, vx_annotation *annotation) {
  size_t count = 0;
  for (const xmlNode *node = root->children; node; node = node->next) count += is_element(node, "object");
  annotation->object = calloc(count ? count : 1, sizeof *annotation->object);
  if (!annotation->object) return vx_fail(r->error, r->name, "no memory for %zu objects", count);
  for (const xmlNode *node = root->children; node; node = node->next) {
    if (!is_element(node, "object")) continue;
    vx_object *o = &annotation->object[annotation->count++];
    if (!read_object(r, node, o)) return false;
    if (*o->name) continue;
    free(o->name); /* nothing to know it by */
    free(o->pose);
    *o = (vx_object){.name = NULL};
    annotation->count--;
  }
  return true;
}

static bool read_document(const reader *r, const xmlNode *root, vx_annotation *annotation) {
  const xmlNode *size = root ? find(root, "size") : NULL;
  if (!root || !is_element(root, "annotation"))
    return vx_fail(r->error, r->name, "has the root element <%s>, expected <annotation>",
                   root ? (const char *)root->name : "");
  return read_side(r, size, "width", &annotation->width) && read_side(r, size, "height", &annotation->height) &&
         read_side(r, size, "depth", &annotation->depth) && read_flag(r, root, "segmented", &annotation->segmented) &&
         read_objects(r, root, annotation);
}

static bool fail_xml(const reader *r, xmlParserCtxt *context) {
  const xmlError *reason = context ? xmlCtxtGetLastError(context) : NULL;
  if (!reason || !reason->message) return vx_fail(r->error, r->name, "cannot be parsed as XML");
  size_t length = strcspn(reason->message, "\n");
  return vx_fail(r->error, vx_where(r->error, "%s:%d", r->name, reason->line), "not XML: %.*s", (int)length,
                 reason->message);
}

static pthread_once_t libxml_ready = PTHREAD_ONCE_INIT; /* libxml2 wants one thread to begin */

bool vx_annotation_parse(const uint8_t *data, size_t size, const char *name, vx_annotation *annotation,
                         vx_error *error) {
  const reader r = {name, annotation, error};
  *annotation = (vx_annotation){.segmented = -1};
  if (size == 0) return vx_fail(error, name, "is empty, expected an XML annotation");
  if (size > VX_TEXT_BYTES) return vx_fail(error, name, "has %zu bytes, too many for an annotation", size);
  pthread_once(&libxml_ready, xmlInitParser);
  xmlParserCtxt *context = xmlNewParserCtxt();
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
  xmlDoc *document = context ? xmlCtxtReadMemory(context, (const char *)data, (int)size, NULL, NULL, options) : NULL;
  bool ok = document ? read_document(&r, xmlDocGetRootElement(document), annotation) : fail_xml(&r, context);
  xmlFreeDoc(document);
  xmlFreeParserCtxt(context);
  if (!ok) vx_annotation_free(annotation);
  return ok;
}

bool vx_annotation_read(const char *path, vx_annotation *annotation, vx_error *error) {
  vx_file file;
  *annotation = (vx_annotation){0};
  if (!vx_file_read(path, VX_TEXT_BYTES, &file, error)) return false;
  bool ok = vx_annotation_parse(file.data, file.size, path, annotation, error);
  vx_file_free(&file);
  return ok;
}

void vx_annotation_free(vx_annotation *annotation) {
  for (size_t i = 0; i < annotation->count; i++) {
    free(annotation->object[i].name);
    free(annotation->object[i].pose);
  }
  free(annotation->object);
  *annotation = (vx_annotation){0};
}

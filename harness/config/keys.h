/* Inside this room: the table of keys. */
#ifndef VX_KEYS_H
#define VX_KEYS_H

#include "base/text.h"
#include "harness/config/config.h"

typedef enum vx_key_type {
  VX_KEY_TEXT,   /* const char * */
  VX_KEY_INT,    /* int, low … high */
  VX_KEY_LONG,   /* long long, low … high */
  VX_KEY_REAL,   /* double, low … high */
  VX_KEY_CHOICE, /* int: index of the word in `choices` */
  VX_KEY_SCORE,  /* a word of config->score; `choices` are for help alone */
  VX_KEY_OWN,    /* read and printed by functions of its own */
} vx_key_type;

/* Where a key stands, for errors: "FILE:LINE: key"; without a path `key` alone, an option of a command. And where they
   go. */
typedef struct vx_place {
  const char *path, *key;
  vx_error *error;
} vx_place;

bool vx_fail_at(const vx_place *place, const vx_yaml *node, const char *why, ...) __attribute__((format(printf, 3, 4)));

/* The same: "is WHAT THE NODE IS, expected …". */
bool vx_fail_expected(const vx_place *place, const vx_yaml *node, const char *expected, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct vx_key {
  const char *name; /* dotted */
  vx_key_type type;
  const char *standard; /* the default, as YAML; NULL: has to be given; "": none */
  const char *meaning;
  size_t offset; /* of the field in vx_config */
  double low, high;
  const char *choices;
  bool (*read)(vx_config *config, const vx_yaml *node, const vx_place *place); /* VX_KEY_OWN */
  void (*print)(const vx_config *config, vx_text *text);
} vx_key;

/* Of a key of the group "score": its name in vx_setting_set. */
static inline const char *vx_key_in_score(const vx_key *key) {
  return key->name + sizeof "score." - 1;
}

extern const vx_key vx_keys[];
extern const int vx_key_count;

const vx_key *vx_key_find(const char *dotted);

/* methods.c */
bool vx_read_methods(vx_config *config, const vx_yaml *node, const vx_place *place);
bool vx_read_all_mixes(vx_config *config, const vx_yaml *node, const vx_place *place);
void vx_print_methods(const vx_config *config, vx_text *text);

/* Of an entry {id: …, as: …, parameters}: everything but id, as, mix and of into `args`; `as` into *name, which stays
   without it. Then the parameters as ", name: value" each. */
bool vx_read_params(vx_config *config, const vx_yaml *node, const vx_place *place, const vx_params *params,
                    const char *owner, vx_args *args);
bool vx_read_name(vx_config *config, const vx_yaml *node, const vx_place *place, const char **name);
void vx_print_params(const vx_params *params, const vx_args *args, vx_text *text);

/* An option's words as a list of YAML, to be freed; NULL on failure. */
vx_yaml *vx_read_option_list(const char *list, const char *option, vx_error *error);

/* metrics.c: a list, whose entries may be the words `default` and `all` too, or one of these words. */
#define VX_METRICS_DEFAULT                                                                                             \
  "[overlap, deletion, insertion, {id: saco, remove: drop, as: saco@drop}, single-deletion, sparseness, "              \
  "class-sensitivity]"
bool vx_read_metrics(vx_config *config, const vx_yaml *node, const vx_place *place);
void vx_print_metrics(const vx_config *config, vx_text *text);

/* own.c */
bool vx_read_labels(vx_config *config, const vx_yaml *node, const vx_place *place);
bool vx_read_normalize(vx_config *config, const vx_yaml *node, const vx_place *place);
bool vx_read_target(vx_config *config, const vx_yaml *node, const vx_place *place);
void vx_print_labels(const vx_config *config, vx_text *text);
void vx_print_normalize(const vx_config *config, vx_text *text);
void vx_print_target(const vx_config *config, vx_text *text);

/* print.c */
void vx_text_add_scalar(vx_text *text, const char *word); /* in quotes where YAML needs them */
void vx_key_print(const vx_config *config, const vx_key *key, vx_text *text);

/* config.c: the node of a dotted key, or NULL. */
const vx_yaml *vx_key_node(const vx_yaml *root, const char *dotted);

#endif

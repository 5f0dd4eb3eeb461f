/* How maps become numbers: the keys of `score`, as words and as what they mean. A run's own scoring, the settings of
   rescore and sweep, and the options of `vitx score` are all read here. Plain values; any thread may read one. */
#ifndef VX_SETTING_H
#define VX_SETTING_H

#include "harness/data/input.h"
#include "harness/data/truth.h"
#include "harness/store/result.h"
#include "metrics/measure.h"

/* Where map and mask meet. */
typedef enum vx_size_kind { VX_SIZE_INPUT, VX_SIZE_IMAGE, VX_SIZE_OWN } vx_size_kind;

enum { VX_SETTING_KEYS = 7, VX_SETTING_WORD = 32 };

typedef struct vx_setting {
  vx_size_kind size;
  int side; /* with VX_SIZE_OWN */
  vx_truth_options truth;
  vx_scoring scoring;
  char word[VX_SETTING_KEYS][VX_SETTING_WORD]; /* each key as it is printed: reading it gives the same setting */
} vx_setting;

/* Sets one key ("size", "threshold", "foreground", "void", "mask_resize", "pixel_accuracy", "aggregate") from its word.
   Fails for another key and for a word that it does not know; `where` (NULL: "score.KEY") is what the error names. */
bool vx_setting_set(vx_setting *setting, const char *key, const char *word, const char *where, vx_error *error);

/* The word of a key that there is. */
const char *vx_setting_word(const vx_setting *setting, const char *key);

/* From the words of a scoring to what they mean, and back; the words back lie in `setting`, name and note are NULL. */
bool vx_setting_make(const vx_scoring_row *words, vx_setting *setting, vx_error *error);
vx_scoring_row vx_setting_words(const vx_setting *setting);

/* How a picture of width x height, or its mask, is brought to evaluation size: the cut of the model's input at another
   size. */
bool vx_setting_geometry(const vx_setting *setting, const vx_input_options *input, int width, int height,
                         vx_geometry *geometry, vx_error *error);

/* What the maps of one image are scored against. Reusable: start from {0}, end with vx_truth_free. */
typedef struct vx_truth {
  vx_geometry geometry; /* of map and mask */
  bool known;           /* false: no mask that counts, or the top class stands for no class; all is VX_IGNORED then */
  uint8_t *label;       /* [geometry.height][geometry.width] of VX_BACKGROUND, VX_FOREGROUND, VX_IGNORED */
  size_t room;
} vx_truth;

/* Makes the truth of an image of width x height; mask->label NULL: it has none. `predicted_class`: the class of the
   data that the model's top class maps to, below 1: none. */
bool vx_setting_truth(const vx_setting *setting, const vx_input_options *input, const vx_mask *mask, int width,
                      int height, int predicted_class, vx_truth *truth, vx_error *error);
void vx_truth_free(vx_truth *truth);

#endif

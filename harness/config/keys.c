/* Every key of a run's configuration. A new key is one line here. */
#include "harness/config/keys.h"

#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(vx_config, field)
#define NUMBERS(low, high) low, high, NULL, NULL, NULL
#define WORDS(choices) 0, 0, choices, NULL, NULL
#define OWN(read, print) 0, 0, NULL, read, print
#define ANY WORDS(NULL)

const vx_key vx_keys[] = {
    {"protocol", VX_KEY_TEXT, "",
     "A protocol by which the run is made, a file or the name of one in protocols/: its keys are the run's, and "
     "another "
     "value for one of them is an error (docs/protocols.md).",
     AT(protocol), ANY},
    {"model", VX_KEY_TEXT, NULL, "Folder of the checkpoint: model.safetensors and config.json.", AT(model), ANY},
    {"data.root", VX_KEY_TEXT, NULL, "Folder of the data set, in Pascal VOC's layout.", AT(root), ANY},
    {"data.split", VX_KEY_TEXT, "val",
     "Which images: a list of ImageSets/Segmentation (`val`), or a file with one image id a line.", AT(split), ANY},
    {"data.labels", VX_KEY_OWN, "",
     "What the masks' values mean: {VALUE or \"#rrggbb\" or NAME: CLASS, background or void; other: …}, or voc (index, "
     "255 void), binary, isic (white is the object), pet (trimap 1, 2, 3), imagenet-s. Without it: what they "
     "themselves "
     "and labelmap.txt say.",
     0, OWN(vx_read_labels, vx_print_labels)},
    {"data.mask_encoding", VX_KEY_CHOICE, "auto",
     "index (palette index or grey value), colour, rgb-id (R + 256 G + 65536 B), binary (bright is the object). auto: "
     "what the PNG is.",
     AT(labels.encoding), WORDS("auto|index|colour|rgb-id|binary")},
    {"classes", VX_KEY_TEXT, "",
     "Class map, a file that says which class of the data set each class of the model means. Without it: the same "
     "name.",
     AT(classes), ANY},

    {"input.exif", VX_KEY_CHOICE, "warn",
     "A picture that EXIF says to turn: apply (turn it), ignore (its pixels as they are stored, which is where VOC's "
     "masks "
     "lie), warn (ignore, and say so).",
     AT(exif), WORDS("apply|ignore|warn")},
    {"input.resize", VX_KEY_CHOICE, "checkpoint",
     "How the picture gets the model's size: squash (both sides straight to it), crop (shorter side, then the centre), "
     "or as the checkpoint says.",
     AT(resize), WORDS("squash|crop|checkpoint")},
    {"input.crop_pct", VX_KEY_REAL, "0",
     "With crop: share of the shorter side that stays (0.875). 0: as the checkpoint says.", AT(crop_pct),
     NUMBERS(0, 1)},
    {"input.filter", VX_KEY_CHOICE, "checkpoint", "Interpolation of the resize.", AT(filter),
     WORDS("bilinear|bicubic|nearest|lanczos|box|hamming|checkpoint")},
    {"input.arithmetic", VX_KEY_CHOICE, "pillow",
     "pillow: to 8 bits after each pass, byte for byte as Pillow before 13; pillow13: as Pillow from 13 on, which "
     "scales tall pictures in height first; float: as PyTorch's antialiased tensor resize.",
     AT(arithmetic), WORDS("pillow|float|pillow13")},
    {"input.normalize", VX_KEY_OWN, "checkpoint",
     "Mean and deviation: as the checkpoint says, none (pixels stay in [0,1]), or {mean: [r, g, b], std: [r, g, b]}.",
     0, OWN(vx_read_normalize, vx_print_normalize)},

    {"min_confidence", VX_KEY_REAL, "0.85",
     "The gate: images whose top class has a probability strictly above it are explained and scored.",
     AT(min_confidence), NUMBERS(0, 1)},
    {"target", VX_KEY_OWN, "top",
     "Class explained: top, second, ground-truth (the most probable class that maps to the main object's), an index, "
     "or a label of the model.",
     0, OWN(vx_read_target, vx_print_target)},
    {"output", VX_KEY_CHOICE, "logit", "What is differentiated: the class' logit, its probability, or the loss.",
     AT(output), WORDS("logit|probability|loss")},
    {"precision", VX_KEY_CHOICE, "mixed",
     "single: as published programs; mixed: relevance passes from a double-precision forward pass; double: all.",
     AT(precision), WORDS("single|mixed|double")},
    {"head.random", VX_KEY_INT, "0",
     "Replaces the head by this many classes of random weights: a sanity check of any method. 0: the checkpoint's.",
     AT(head_classes), NUMBERS(0, 100000)},
    {"head.seed", VX_KEY_LONG, "0", "Seed of the random head.", AT(head_seed), NUMBERS(0, 9e15)},
    {"seed", VX_KEY_LONG, "0", "Seed of methods that draw (SmoothGrad, random maps).", AT(seed), NUMBERS(0, 9e15)},

    {"methods", VX_KEY_OWN, NULL,
     "`all`, or a list of: ids; {id: …, as: NAME, parameters}; mixes {mix: [a, b], by: sqrt, as: NAME}. "
     "`vitx ls methods` shows ids and parameters.",
     0, OWN(vx_read_methods, vx_print_methods)},
    {"all_mixes", VX_KEY_OWN, "",
     "{of: [a, b, c] or all, sizes: [2, 3], by: sqrt}: every mix of so many of these methods.", 0,
     OWN(vx_read_all_mixes, NULL)},
    {"metrics", VX_KEY_OWN, "[overlap]",
     "Measures, as ids or {id: …, as: NAME, parameters}; `vitx ls metrics` shows them. overlap is IoU, F1 and pixel "
     "accuracy; `default` is " VX_METRICS_DEFAULT ", which asks the model too; `all` is every one that is not asked for "
     "by name only. Both words may stand in the list. Added to a finished run they are taken of its maps "
     "(`vitx measure`).",
     0, OWN(vx_read_metrics, vx_print_metrics)},

    {"score.size", VX_KEY_SCORE, "input",
     "Where map and mask meet: input (the model's size), image (the picture's own), or a number.", 0, ANY},
    {"score.threshold", VX_KEY_SCORE, "otsu", "What makes a mask of a map: otsu, mean, or a number from 0 to 1.", 0,
     ANY},
    {"score.foreground", VX_KEY_SCORE, "any",
     "What counts as object: any class, main (the class of most pixels), predicted (what the top class maps to), "
     "class=N.",
     0, ANY},
    {"score.void", VX_KEY_SCORE, "ignore", "Pixels labelled 255: left out, or counted as background or foreground.", 0,
     WORDS("ignore|background|foreground")},
    {"score.mask_resize", VX_KEY_SCORE, "pillow", "Nearest neighbour of the mask as Pillow or as OpenCV takes it.", 0,
     WORDS("pillow|opencv")},
    {"score.pixel_accuracy", VX_KEY_SCORE, "accuracy",
     "(tp+tn)/all, or recall: tp/(tp+fn), which ViTmiX's program calls pixel accuracy.", 0, WORDS("accuracy|recall")},
    {"score.aggregate", VX_KEY_SCORE, "mean",
     "The table's numbers: mean over images, pooled from summed counts, or class (mean over classes).", 0,
     WORDS("mean|pooled|class")},
    {"compare_with", VX_KEY_TEXT, "", "A row of configs/published.yaml to print beside ours.", AT(compare_with), ANY},
};

const int vx_key_count = (int)(sizeof vx_keys / sizeof *vx_keys);

const vx_key *vx_key_find(const char *dotted) {
  for (int i = 0; i < vx_key_count; i++)
    if (strcmp(vx_keys[i].name, dotted) == 0) return &vx_keys[i];
  return NULL;
}

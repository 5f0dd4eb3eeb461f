/* Scenes as a Pascal VOC folder. */
#ifndef SCENES_VOC_H
#define SCENES_VOC_H

#include <stdbool.h>

#include "tools/scenes/scene.h"

/* Writes scenes first … first+count-1 below `root` (made if absent): JPEGImages, SegmentationClass,
   SegmentationObject, Annotations, and the lists ImageSets/Segmentation/SPLIT.txt, ImageSets/Main/SPLIT.txt and
   ImageSets/Main/CLASS_SPLIT.txt, and classes.txt with the class names in the order of their labels. Ids are
   `PREFIX_0001` and so on. False, with errno set, if a file cannot be written.
 */
bool voc_write(const scene_options *options, long first, long count, const char *root, const char *split,
               const char *prefix);

#endif

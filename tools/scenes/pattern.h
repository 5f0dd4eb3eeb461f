/* Surface patterns: one for each shape, told apart by their form alone. */
#ifndef SCENES_PATTERN_H
#define SCENES_PATTERN_H

/* The pattern's name in words, for the documentation of the data. */
const char *pattern_name(int shape);

/* How much of the second colour shows at (u, v), pixels in the object's own frame; 0 … 1, soft over one pixel.
   `period` is relative: 1 is the pattern's usual size in a picture 500 pixels wide. */
double pattern_at(int shape, double u, double v, double period);

#endif

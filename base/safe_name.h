/* File names made of names of any kind. */
#ifndef VX_BASE_SAFE_NAME_H
#define VX_BASE_SAFE_NAME_H

#include <stddef.h>

enum { VX_SAFE_NAME = 96 }; /* bytes of a name with its final 0 */

/* A name for one file or folder made of any text: letters, digits and what is above ASCII stay; blanks and what means
   something to a shell, a web page or a file system (/ \ : * ? " < > | ' & ; $ ...), control characters, invisible and
   direction-changing characters and bytes that are not UTF-8 become '-'; no '-' or '.' at the start; cut at a whole
   character; never empty. Different texts may give the same name. */
void vx_safe_name(const char *text, char name[VX_SAFE_NAME]);

/* The same for the last part of a path without its ending: "a/b/My photo.jpeg" is "My-photo". */
void vx_safe_stem(const char *path, char name[VX_SAFE_NAME]);

/* Makes `name` differ from the `count` names before it (as some file systems compare: letters without case) by adding
   -2, -3 … */
void vx_safe_distinct(const char (*before)[VX_SAFE_NAME], size_t count, char name[VX_SAFE_NAME]);

#endif

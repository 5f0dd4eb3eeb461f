/* Which known word was meant: for errors about unknown keys, options, commands, methods. */
#ifndef VX_NEAREST_H
#define VX_NEAREST_H

#include <stddef.h>

/* Known words: a field of an array's structs, or the elements of an array of words. NULL among them is passed over. */
typedef struct vx_words {
  const char *const *first;
  size_t stride; /* in bytes, from one to the next */
  int count;
} vx_words;
#define VX_WORDS(array, count, field) ((vx_words){(count) > 0 ? &(array)->field : NULL, sizeof *(array), (count)})
#define VX_WORD_ARRAY(words, count) ((vx_words){(words), sizeof *(words), (count)})

/* The word with the smallest edit distance to `word`, letters compared without case and `_` as `-`; a word that starts
   with `word`, or is its beginning, counts as close. NULL when none is close enough to be a slip of the hand (more than
   a third of the letters differ). */
const char *vx_nearest(const char *word, vx_words words);

/* How an error about an unknown word ends: "; did you mean 'rollout'?", or when none is near "; " and `otherwise`
   (NULL: nothing). As in vx_fail(error, where, "no method '%s'%s", id, vx_meant(id, ids, NULL).text). */
typedef struct vx_hint {
  char text[200];
} vx_hint;
vx_hint vx_meant(const char *word, vx_words words, const char *otherwise);

#endif

/* Which known word was meant: for errors about unknown keys, options, commands, methods. */
#ifndef VX_NEAREST_H
#define VX_NEAREST_H

/* The word of `words` (count of them; NULL entries are passed over) with the smallest edit distance to `word`, letters
   compared without case and `_` as `-`; a word that starts with `word`, or is contained in it, counts as close. NULL
   when none is close enough to be a slip of the hand (more than a third of the letters differ). */
const char *vx_nearest(const char *word, const char *const *words, int count);

#endif

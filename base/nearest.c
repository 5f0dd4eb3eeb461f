#include "base/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 };

static int letter(char c) {
  return c == '_' ? '-' : tolower((unsigned char)c);
}

static int least(int a, int b) {
  return a < b ? a : b;
}

/* Optimal string alignment distance: insert, delete, replace, and swap of two neighbours cost 1 each. */
static int distance(const char *a, const char *b) {
  int na = (int)strnlen(a, LONGEST), nb = (int)strnlen(b, LONGEST);
  int row[3][LONGEST + 1];
  for (int j = 0; j <= nb; j++) row[0][j] = j;
  for (int i = 1; i <= na; i++) {
    int *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= nb; j++) {
      int same = letter(a[i - 1]) == letter(b[j - 1]);
      now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + !same);
      if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) && letter(a[i - 2]) == letter(b[j - 1]))
        now[j] = least(now[j], earlier[j - 2] + 1);
    }
  }
  return row[na % 3][nb];
}

/* How far two words are apart: a beginning of the other word counts as one slip. */
static int apart(const char *word, const char *known) {
  int d = distance(word, known);
  size_t n = strlen(word), m = strlen(known);
  if (n >= 3 && n < m && strncasecmp(word, known, n) == 0) d = least(d, 1);
  if (m >= 3 && m < n && strncasecmp(word, known, m) == 0) d = least(d, 1);
  return d;
}

static const char *word_at(vx_words words, int index) {
  return *(const char *const *)(const void *)((const char *)words.first + (size_t)index * words.stride);
}

const char *vx_nearest(const char *word, vx_words words) {
  const char *best = NULL;
  int shortest = 0;
  for (int i = 0; i < words.count; i++) {
    const char *known = word_at(words, i);
    if (!known) continue;
    int d = apart(word, known);
    int allowed = (int)(strnlen(known, LONGEST) + 2) / 3;
    if (d <= allowed && (!best || d < shortest)) {
      best = known;
      shortest = d;
    }
  }
  return best;
}

vx_hint vx_meant(const char *word, vx_words words, const char *otherwise) {
  vx_hint hint = {""};
  const char *near = vx_nearest(word, words);
  if (near)
    snprintf(hint.text, sizeof hint.text, "; did you mean '%s'?", near);
  else if (otherwise)
    snprintf(hint.text, sizeof hint.text, "; %s", otherwise);
  return hint;
}

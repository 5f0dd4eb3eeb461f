#include <stdlib.h>
#include <string.h>

#include "harness/tables/compare_data.h"

enum { SETS_MAX = 4096, LETTERS = 52 };

/* Sets of columns that are not told apart; each becomes a letter. */
typedef struct sets {
  bool *member; /* [SETS_MAX][columns] */
  int count, columns;
} sets;

static bool *set_at(const sets *s, int i) {
  return s->member + (size_t)i * (size_t)s->columns;
}

static bool is_subset(const sets *s, int small, int large) {
  for (int c = 0; c < s->columns; c++) {
    if (set_at(s, small)[c] && !set_at(s, large)[c]) return false;
  }
  return true;
}

/* Removes sets that lie in another one. */
static void absorb(sets *s) {
  for (int i = 0; i < s->count; i++) {
    for (int j = 0; j < s->count; j++) {
      if (i == j || !is_subset(s, i, j)) continue;
      memmove(set_at(s, i), set_at(s, i + 1), (size_t)(s->count - i - 1) * (size_t)s->columns);
      s->count--;
      i--;
      break;
    }
  }
}

/* Columns a and b differ: no set may hold both. */
static bool separate(sets *s, int a, int b) {
  int before = s->count;
  for (int i = 0; i < before; i++) {
    if (!set_at(s, i)[a] || !set_at(s, i)[b]) continue;
    if (s->count == SETS_MAX) return false;
    memcpy(set_at(s, s->count), set_at(s, i), (size_t)s->columns);
    set_at(s, i)[a] = false;
    set_at(s, s->count++)[b] = false;
  }
  absorb(s);
  return true;
}

static int first_member(const sets *s, int i) {
  int c = 0;
  while (c < s->columns && !set_at(s, i)[c]) c++;
  return c;
}

/* Sets in the order of their first column, so that letters follow the ranking. */
static void order_sets(const sets *s, int *order) {
  for (int i = 0; i < s->count; i++) {
    int at = i;
    for (; at > 0 && first_member(s, order[at - 1]) > first_member(s, i); at--) order[at] = order[at - 1];
    order[at] = i;
  }
}

bool vx_compare_letters(const bool *differs, int columns, char *letters, int room) {
  memset(letters, 0, (size_t)columns * (size_t)room);
  sets s = {.member = calloc((size_t)(SETS_MAX + 1) * (size_t)(columns + 1), sizeof *s.member), .columns = columns};
  int *order = malloc((SETS_MAX + 1) * sizeof *order);
  bool ok = s.member && order;
  if (ok && columns > 0) {
    memset(s.member, true, (size_t)columns);
    s.count = 1;
  }
  bool few = ok;
  for (int a = 0; few && a < columns; a++) {
    for (int b = a + 1; few && b < columns; b++) {
      if (differs[a * columns + b]) few = separate(&s, a, b);
    }
  }
  if (few && s.count <= LETTERS && s.count < room) {
    order_sets(&s, order);
    for (int i = 0; i < s.count; i++) {
      char letter = (char)(i < 26 ? 'a' + i : 'A' + i - 26);
      for (int c = 0; c < columns; c++) {
        if (set_at(&s, order[i])[c]) letters[c * room + (int)strlen(letters + c * room)] = letter;
      }
    }
  }
  free(s.member);
  free(order);
  return ok;
}

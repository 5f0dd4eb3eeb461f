#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, BLOCK = 1 << 20, HUGE_PAGE = 2 << 20 };

typedef struct block {
  struct block *next;
  size_t size, used;
  uint8_t *bytes; /* aligned, inside this block */
} block;

struct vx_arena {
  block *first, *current; /* blocks after `current` are empty */
  size_t bytes;
};

vx_arena *vx_arena_new(void) {
  return calloc(1, sizeof(vx_arena));
}

void vx_arena_free(vx_arena *arena) {
  if (!arena) return;
  for (block *b = arena->first; b;) {
    block *next = b->next;
    free(b);
    b = next;
  }
  free(arena);
}

char *vx_arena_text(vx_arena *arena, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = vx_arena_take(arena, size, 1);
  return copy ? memcpy(copy, text, size) : NULL;
}

void *vx_arena_add(vx_arena *arena, void *list, int *count, int *room, size_t size) {
  char *elements;
  memcpy(&elements, list, sizeof elements);
  if (*count == *room) {
    int wider = *room ? *room * 2 : 8;
    char *copy = vx_arena_take(arena, (size_t)wider, size);
    if (!copy) return NULL;
    if (*count) memcpy(copy, elements, (size_t)*count * size);
    elements = copy;
    memcpy(list, &elements, sizeof elements);
    *room = wider;
  }
  return memset(elements + (size_t)(*count)++ * size, 0, size);
}

void vx_arena_reset(vx_arena *arena) {
  for (block *b = arena->first; b; b = b->next) b->used = 0;
  arena->current = arena->first;
}

size_t vx_arena_bytes(const vx_arena *arena) {
  return arena->bytes;
}

static block *add_block(vx_arena *arena, size_t need) {
  size_t size = need > BLOCK ? need : BLOCK, total;
  if (__builtin_add_overflow(size, sizeof(block) + ALIGNMENT, &total)) return NULL;
  block *b = calloc(1, total); /* large blocks come as untouched pages: what is never used takes no memory */
  if (!b) return NULL;
  uintptr_t start = (uintptr_t)(b + 1);
  b->bytes = (uint8_t *)(b + 1) + (ALIGNMENT - start % ALIGNMENT) % ALIGNMENT;
  b->size = size;
  arena->bytes += total;
  block **end = arena->current ? &arena->current->next : &arena->first;
  b->next = *end;
  *end = b;
  uintptr_t first = (start + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE, last = (start + size) / HUGE_PAGE * HUGE_PAGE;
  if (first < last) madvise((void *)first, last - first, MADV_HUGEPAGE); /* fewer page faults; no matter if refused */
  return b;
}

void *vx_arena_take(vx_arena *arena, size_t count, size_t size) {
  size_t need;
  if (__builtin_mul_overflow(count, size, &need) || need > SIZE_MAX - ALIGNMENT) return NULL;
  need = (need + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  while (arena->current && arena->current->size - arena->current->used < need) {
    if (!arena->current->next) break;
    arena->current = arena->current->next;
  }
  if (!arena->current || arena->current->size - arena->current->used < need) {
    block *b = add_block(arena, need);
    if (!b) return NULL;
    arena->current = b;
  }
  void *piece = arena->current->bytes + arena->current->used;
  arena->current->used += need;
  return piece;
}

/* Memory that lives as long as its owner: taken piece by piece, freed at once. */
#ifndef VX_ARENA_H
#define VX_ARENA_H

#include <stddef.h>

typedef struct vx_arena vx_arena;

vx_arena *vx_arena_new(void); /* NULL when memory is out */
void vx_arena_free(vx_arena *arena);

/* `count` zeroed elements of `size` bytes, aligned to 64; NULL when count * size overflows or memory is out. */
void *vx_arena_take(vx_arena *arena, size_t count, size_t size);

char *vx_arena_text(vx_arena *arena, const char *text); /* a copy; NULL when memory is out */

/* One more element, zeroed, of a list that lives in the arena; NULL when memory is out. `list` is the address of the
   pointer to its elements, `room` how many there is room for: doubled when it is full, the old copy left to the arena.
 */
void *vx_arena_add(vx_arena *arena, void *list, int *count, int *room, size_t size);

/* Forgets everything taken but keeps the memory, so that a worker allocates for its first picture only.
   Memory taken after a reset is not zeroed. */
void vx_arena_reset(vx_arena *arena);

size_t vx_arena_bytes(const vx_arena *arena); /* what it holds, for reports */

#define VX_TAKE(arena, count, type) ((type *)vx_arena_take((arena), (size_t)(count), sizeof(type)))

#endif

/* From a list's text to entries. Private to voc*.c. */
#ifndef VX_VOC_LIST_H
#define VX_VOC_LIST_H

#include "harness/data/voc.h"
#include "harness/data/voc_layout.h"

/* Reads the list file voc->list (NULL: every mask of the layout) into voc->entry, voc->count and voc->list_kind. */
bool vx_voc_list_read(vx_voc *voc, const vx_layout *layout, vx_error *error);
void vx_voc_entry_free(vx_voc_entry *entry);

#endif

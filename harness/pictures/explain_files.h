/* What `vitx explain` leaves behind for one picture: a folder of pictures and a table. */
#ifndef VX_PICTURES_EXPLAIN_FILES_H
#define VX_PICTURES_EXPLAIN_FILES_H

#include "harness/pictures/contact_sheet.h"

/* Writes into `folder` (which is there) contact-sheet.png, picture.png, consensus.png and disagreement.png (of two
   methods or more), agreement.tsv, and unless `sheet_only` for each method METHOD-overlay.png, METHOD-v.png,
   METHOD-v-otsu.png, METHOD-outline.png and, with another class, METHOD-contrast.png; METHOD is its name made safe. */
bool vx_explain_write(const vx_contact_sheet *sheet, const char *folder, bool sheet_only, vx_error *error);

#endif

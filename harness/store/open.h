/* Opening results files: who wrote it, can we read or write it. Private to harness/store. */
#ifndef VX_STORE_OPEN_H
#define VX_STORE_OPEN_H

#include <sqlite3.h>

#include "harness/store/store.h"

/* An open, checked database; made from the schema when `mode` allows. NULL on failure. */
sqlite3 *vx_store_open_db(const char *path, vx_store_mode mode, vx_error *error);

#endif

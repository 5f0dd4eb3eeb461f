#include "harness/store/open.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const unsigned char vx_asset_schema_sql[]; /* made from schema.sql at build time */

enum { BUSY_MS = 30000 }; /* until the store waits by its own rule */

/* The folder that `path` lies in must be there: SQLite only says "unable to open database file". */
static bool check_folder(const char *path, vx_error *error) {
  const char *slash = strrchr(path, '/');
  if (!slash || slash == path) return true;
  char *folder = strndup(path, (size_t)(slash - path));
  if (!folder) return vx_fail(error, path, "out of memory");
  struct stat about;
  bool ok = stat(folder, &about) == 0 && S_ISDIR(about.st_mode);
  if (!ok) vx_fail(error, path, "cannot be written: there is no folder %s", folder);
  if (ok && access(folder, W_OK) != 0) {
    ok = vx_fail(error, path, "cannot be written: the folder %s: %s", folder, strerror(errno));
  }
  free(folder);
  return ok;
}

static bool check_path(const char *path, vx_store_mode mode, vx_error *error) {
  struct stat about;
  if (stat(path, &about) != 0) {
    if (errno != ENOENT || mode == VX_STORE_READ) return vx_fail(error, path, "cannot be read: %s", strerror(errno));
    return check_folder(path, error);
  }
  if (S_ISDIR(about.st_mode)) return vx_fail(error, path, "is a folder, expected a results file");
  if (access(path, mode == VX_STORE_READ ? R_OK : R_OK | W_OK) != 0) {
    return vx_fail(error, path, "cannot be %s: %s", mode == VX_STORE_READ ? "read" : "written", strerror(errno));
  }
  return true;
}

static bool fail_db(sqlite3 *db, const char *path, vx_error *error) {
  if (sqlite3_errcode(db) == SQLITE_NOTADB) {
    return vx_fail(error, path, "is not an SQLite database, expected a results file of vitx");
  }
  if (sqlite3_errcode(db) == SQLITE_CORRUPT) return vx_fail(error, path, "is damaged: %s", sqlite3_errmsg(db));
  return vx_fail(error, path, "cannot be opened: %s", sqlite3_errmsg(db));
}

static bool number(sqlite3 *db, const char *sql, int64_t *value) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return false;
  bool ok = sqlite3_step(statement) == SQLITE_ROW;
  if (ok) *value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return ok;
}

/* All in one transaction: a kill leaves an empty file or a complete one. */
static bool create(sqlite3 *db, const char *path, vx_error *error) {
  char pragmas[128];
  snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;", VX_STORE_APPLICATION,
           VX_STORE_VERSION);
  int64_t tables = 0;
  if (sqlite3_exec(db, "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
      !number(db, "SELECT count(*) FROM sqlite_schema", &tables)) {
    return fail_db(db, path, error);
  }
  if (tables > 0) { /* another process was faster */
    return sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK || fail_db(db, path, error);
  }
  if (sqlite3_exec(db, (const char *)vx_asset_schema_sql, NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_exec(db, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
    return fail_db(db, path, error);
  }
  return true;
}

/* Whose file is it? */
static bool check_owner(sqlite3 *db, const char *path, vx_store_mode mode, vx_error *error) {
  int64_t application = 0, version = 0, tables = 0;
  if (!number(db, "PRAGMA application_id", &application) || !number(db, "PRAGMA user_version", &version) ||
      !number(db, "SELECT count(*) FROM sqlite_schema", &tables)) {
    return fail_db(db, path, error);
  }
  if (application == 0 && tables == 0) {
    if (mode == VX_STORE_READ) return vx_fail(error, path, "is empty: it holds no run");
    return create(db, path, error) && check_owner(db, path, VX_STORE_READ, error);
  }
  if (application != VX_STORE_APPLICATION) {
    return vx_fail(error, path,
                   "is a database of another program (application_id is 0x%08" PRIx64
                   ", a results file of vitx has 0x%08x)",
                   (uint64_t)application, (unsigned)VX_STORE_APPLICATION);
  }
  if (version != VX_STORE_VERSION) {
    return vx_fail(error, path, "has version %" PRId64 ", this vitx knows version %d: %s", version, VX_STORE_VERSION,
                   version > VX_STORE_VERSION ? "it was made by a newer one" : "it was made by an older one");
  }
  return true;
}

/* The numbers that memory is taken by or that count as places: a file may come from anywhere. Fails with the first row
   that holds what no run can have written. */
static bool check_values(sqlite3 *db, const char *path, vx_error *error) {
  static const char wrong[] =
      "SELECT printf('table runs, row %lld: sides of %lld pixels and %lld patches, a list of %lld images', id,"
      " input_side, grid_side, image_count) FROM runs WHERE input_side NOT BETWEEN 1 AND 4096"
      " OR grid_side NOT BETWEEN 1 AND 512 OR grid_side > input_side OR image_count NOT BETWEEN 0 AND 2147483647"
      " UNION ALL SELECT printf('table images, row %lld: place %lld, class %lld, %lld x %lld pixels', id, position,"
      " main_class, width, height) FROM images WHERE id < 1 OR position NOT BETWEEN 0 AND 2147483647"
      " OR main_class NOT BETWEEN -1 AND 255 OR width NOT BETWEEN -1 AND 2147483647"
      " OR height NOT BETWEEN -1 AND 2147483647 UNION ALL SELECT printf('table labels: label %lld, class %lld', label,"
      " class) FROM labels WHERE label NOT BETWEEN 0 AND 2147483647 OR class NOT BETWEEN -1 AND 255 LIMIT 1";
  sqlite3_stmt *statement = NULL;
  int row = sqlite3_prepare_v2(db, wrong, -1, &statement, NULL) == SQLITE_OK ? sqlite3_step(statement) : SQLITE_ERROR;
  if (row == SQLITE_ROW)
    vx_fail(error, path, "%s: no run writes that", (const char *)sqlite3_column_text(statement, 0));
  else if (row != SQLITE_DONE)
    fail_db(db, path, error);
  sqlite3_finalize(statement);
  return row == SQLITE_DONE;
}

static bool set_up(sqlite3 *db, const char *path, vx_store_mode mode, vx_error *error) {
  sqlite3_extended_result_codes(db, 0);
  if (!check_owner(db, path, mode, error) || !check_values(db, path, error)) return false;
  /* NORMAL: a kill loses nothing, a power cut at most the last images, never the file. Each image touches a page a
     method; a log of 40 MB lets many images' changes of a page go into the file at once. */
  const char *pragmas = "PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                        "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=10000;";
  if (sqlite3_exec(db, pragmas, NULL, NULL, NULL) != SQLITE_OK) return fail_db(db, path, error);
  return true;
}

/* "file:" URI with everything that means something in a URI escaped. */
static char *immutable_uri(const char *path) {
  size_t room = 3 * strlen(path) + 32;
  char *uri = malloc(room);
  if (!uri) return NULL;
  char *at = uri + sprintf(uri, "file:");
  for (const char *c = path; *c; c++) {
    at += strchr("?#%", *c) ? sprintf(at, "%%%02X", (unsigned)(unsigned char)*c) : sprintf(at, "%c", *c);
  }
  sprintf(at, "?immutable=1");
  return uri;
}

/* A finished file in a folder where nobody may write (a CD, a shared archive): SQLite cannot make its shared-memory
   file there and must be told that nobody writes. With a write-ahead log beside it that would hide rows. */
static sqlite3 *open_immutable(const char *path) {
  char *log = malloc(strlen(path) + 5), *uri = immutable_uri(path);
  sqlite3 *db = NULL;
  if (log && uri) {
    sprintf(log, "%s-wal", path);
    if (access(log, F_OK) != 0 &&
        sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX, NULL) != SQLITE_OK) {
      sqlite3_close(db);
      db = NULL;
    }
  }
  free(log);
  free(uri);
  return db;
}

sqlite3 *vx_store_open_db(const char *path, vx_store_mode mode, vx_error *error) {
  if (!check_path(path, mode, error)) return NULL;
  int flags = mode == VX_STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_FULLMUTEX, NULL);
  int64_t version;
  if (code == SQLITE_OK) sqlite3_busy_timeout(db, BUSY_MS);
  if (mode == VX_STORE_READ && (code != SQLITE_OK || !number(db, "PRAGMA user_version", &version)) &&
      sqlite3_errcode(db) != SQLITE_NOTADB) {
    sqlite3 *immutable = open_immutable(path);
    if (immutable) {
      sqlite3_close(db);
      db = immutable;
      code = SQLITE_OK;
    }
  }
  bool ok = code == SQLITE_OK ? set_up(db, path, mode, error) : fail_db(db, path, error);
  if (ok) return db;
  sqlite3_close(db);
  return NULL;
}

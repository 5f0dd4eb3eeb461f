-- A vitx results file. results/README.md says the same at more length, with queries to start from.
-- Scores are 0..1, NULL where undefined; views that sum up (table1, per_class, pooled) are in percent.

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,              -- of the config
  digest TEXT NOT NULL UNIQUE,     -- over all that decides results; methods apart
  config TEXT NOT NULL,            -- its whole text, with what the command line changed
  model TEXT NOT NULL,             -- folder
  model_digest TEXT NOT NULL,      -- over config and weights
  data TEXT NOT NULL,              -- folder and split
  data_digest TEXT NOT NULL,       -- over the list of images and what else decides
  input TEXT NOT NULL,             -- resize, filter, arithmetic, normalisation, size
  min_confidence REAL NOT NULL,    -- an image counts above this probability of its top class
  target TEXT NOT NULL,            -- which class is explained
  output TEXT NOT NULL,            -- what is differentiated: logit, probability, loss
  precision TEXT NOT NULL,         -- single, mixed, double
  seed INTEGER NOT NULL,           -- of everything that is drawn
  class_map TEXT,                  -- file that maps model labels to classes of the data; NULL: by name
  compare_with TEXT,               -- row of configs/published.yaml
  protocol TEXT,                   -- its name (docs/protocols.md); NULL: made by none
  protocol_digest TEXT,            -- SHA-256 of its file
  input_side INTEGER NOT NULL,     -- pixels
  grid_side INTEGER NOT NULL,      -- patches
  image_count INTEGER NOT NULL,    -- length of the list of images
  program TEXT NOT NULL,           -- version and compiler
  openblas TEXT NOT NULL,          -- version
  kernel TEXT NOT NULL,            -- of OpenBLAS: results are bit for bit the same per kernel
  host TEXT NOT NULL,
  started TEXT NOT NULL,           -- UTC, ISO 8601
  finished TEXT                    -- NULL: stopped or still at work
) STRICT;

CREATE TABLE classes (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  class INTEGER NOT NULL,          -- value in the masks
  name TEXT NOT NULL,
  PRIMARY KEY (run, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE labels (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  label INTEGER NOT NULL,          -- index of the logit
  name TEXT NOT NULL,
  class INTEGER,                   -- class of the data that it stands for; NULL: none
  PRIMARY KEY (run, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_methods (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,          -- order in tables, from 0
  name TEXT NOT NULL,              -- `as` in the config
  explainer TEXT NOT NULL,         -- id in the registry; 'imported': another program made the maps
  title TEXT NOT NULL,
  family TEXT NOT NULL,            -- attention, gradient, propagation, hybrid, perturbation, trivial; imported, or as given
  source TEXT NOT NULL,            -- author and year
  class_specific INTEGER NOT NULL CHECK (class_specific IN (0, 1)),
  trivial INTEGER NOT NULL CHECK (trivial IN (0, 1)), -- never looks at the model
  is_mask INTEGER NOT NULL CHECK (is_mask IN (0, 1)), -- the map is a mask already, no threshold is sought
  parameters TEXT NOT NULL,        -- "name=value name=value"
  parts TEXT,                      -- of a mix: its methods
  pixel_map INTEGER NOT NULL CHECK (pixel_map IN (0, 1)), -- 1: a map at input resolution, 0: on the patch grid
  digest TEXT NOT NULL,            -- over explainer, parameters and parts
  imported_from TEXT,              -- file or folder of the maps; NULL: the run makes them
  cite TEXT,                       -- of imported maps: what to cite
  UNIQUE (run, name)
) STRICT;

CREATE TABLE run_metrics (
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,          -- order in the newest command, from 0
  name TEXT NOT NULL,              -- `as` in the config
  measure TEXT NOT NULL,           -- id in the registry
  kind TEXT NOT NULL,              -- what is compared: truth, model, method, maps, map
  parameters TEXT NOT NULL,        -- "name=value name=value"
  columns TEXT NOT NULL,           -- names of its numbers in scores, with commas; '': columns of evaluations
  digest TEXT NOT NULL,            -- over measure and parameters
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE scorings (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  name TEXT NOT NULL,              -- "main": the run's own
  size TEXT NOT NULL,              -- input, image or pixels a side
  threshold TEXT NOT NULL,         -- otsu, mean or a number
  foreground TEXT NOT NULL,        -- any, main, predicted, class=N
  void TEXT NOT NULL,              -- ignore, background, foreground
  mask_resize TEXT NOT NULL,       -- pillow, opencv
  pixel_accuracy TEXT NOT NULL,    -- accuracy: (tp+tn)/all; recall: tp/(tp+fn)
  aggregate TEXT NOT NULL,         -- mean, pooled, class
  note TEXT,                       -- what is not exact about it
  digest TEXT NOT NULL,            -- over all of these but name and note
  UNIQUE (run, name)
) STRICT;

CREATE TABLE images (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  position INTEGER NOT NULL,       -- in the list, from 0
  image_id TEXT NOT NULL,          -- the data set's own
  width INTEGER, height INTEGER,   -- pixels
  object_pixels INTEGER,           -- labelled with any class; NULL: no mask
  void_pixels INTEGER,             -- labelled 255
  object_share REAL,               -- object_pixels / (width * height)
  size TEXT NOT NULL CHECK (size IN ('small', 'medium', 'large', 'none')), -- share up to 0.1, up to 0.3, above; none: no object
  main_class INTEGER NOT NULL,     -- the class that covers most pixels; -1: none
  mask_digest TEXT,                -- over its labels
  picture_digest TEXT, annotation_digest TEXT, -- over the bytes of the files; NULL: no such file
  truth TEXT,                      -- the mask as a truth: ok, binary, by-colour (scored); no-object, all-void,
                                   -- foreign-labels, interpolated (not scored); NULL: no mask
  UNIQUE (run, position),
  UNIQUE (run, image_id)
) STRICT;

CREATE TABLE objects (
  image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,         -- order in the annotation, from 0
  name TEXT NOT NULL,              -- as it stands there
  class INTEGER,                   -- of the data set; NULL: not one of them
  x_min REAL, y_min REAL, x_max REAL, y_max REAL, -- box, pixels, as it stands in the annotation
  difficult INTEGER, truncated INTEGER, occluded INTEGER, -- 0, 1, NULL: not said
  pixels INTEGER,                  -- of its own mask
  PRIMARY KEY (image, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions (
  image INTEGER PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE,
  label INTEGER NOT NULL,          -- top class of the model
  probability REAL NOT NULL,       -- its softmax
  passed INTEGER NOT NULL CHECK (passed IN (0, 1)), -- above min_confidence
  correct INTEGER CHECK (correct IN (0, 1)) -- the label stands for the main class; NULL: no label does
) STRICT;

CREATE TABLE top5 (
  image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  rank INTEGER NOT NULL,           -- 1 is the top class
  label INTEGER NOT NULL,
  probability REAL NOT NULL,
  PRIMARY KEY (image, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
  scoring INTEGER NOT NULL REFERENCES scorings(id) ON DELETE CASCADE,
  method INTEGER NOT NULL REFERENCES run_methods(id) ON DELETE CASCADE,
  image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  target INTEGER,                  -- label explained; NULL: the method explains none
  status TEXT NOT NULL CHECK (status IN ('ok', 'flat', 'failed', 'unscored')),
  threshold REAL,                  -- Otsu's level 0..255, or the fixed one 0..1
  tp INTEGER, fp INTEGER, fn INTEGER, tn INTEGER, -- pixels counted at evaluation size
  void INTEGER,                    -- pixels left out
  iou REAL CHECK (iou BETWEEN 0 AND 1),
  f1 REAL CHECK (f1 BETWEEN 0 AND 1),
  pixel_accuracy REAL CHECK (pixel_accuracy BETWEEN 0 AND 1),
  milliseconds REAL,               -- of the method's own work
  PRIMARY KEY (scoring, method, image)
) STRICT, WITHOUT ROWID;
CREATE INDEX evaluations_by_image ON evaluations (image);

CREATE TABLE scores (
  scoring INTEGER NOT NULL,
  method INTEGER NOT NULL,
  image INTEGER NOT NULL,
  metric TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (scoring, method, image, metric),
  FOREIGN KEY (scoring, method, image) REFERENCES evaluations (scoring, method, image) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE curves (
  scoring INTEGER NOT NULL,
  method INTEGER NOT NULL,
  image INTEGER NOT NULL,
  metric TEXT NOT NULL,            -- run_metrics.name
  name TEXT NOT NULL,              -- of the curve in its measure
  bytes BLOB NOT NULL,             -- F32, little endian
  PRIMARY KEY (scoring, method, image, metric, name),
  FOREIGN KEY (scoring, method, image) REFERENCES evaluations (scoring, method, image) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What the model says of a picture without some of its patches: the variants of measures that do not hang on the map,
-- so that any map of the picture is scored without the model.
CREATE TABLE perturbations (
  image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('whole', 'single-deletion', 'subsets')), -- nothing removed; a cell each; patches at random
  remove TEXT NOT NULL,            -- what the removed became: drop, black, mean, own-mean, blur, impute
  cells INTEGER NOT NULL,          -- side of a cell in patches; patches of a subset; whole: 0
  place INTEGER NOT NULL,          -- of the cell in row order, of the subset in its draw; whole: 0
  removed TEXT NOT NULL,           -- numbers of the patches in row order, ascending, with commas
  target INTEGER NOT NULL,         -- label explained
  second INTEGER,                  -- the most probable other label of the picture; NULL: the model has one
  probability REAL NOT NULL,       -- of the label explained
  logit REAL NOT NULL,             -- likewise
  second_logit REAL,               -- of the second label
  PRIMARY KEY (image, kind, remove, cells, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE maps (
  id INTEGER PRIMARY KEY,
  image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  method INTEGER NOT NULL REFERENCES run_methods(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('patch', 'pixel')), -- patch: F32, little endian; pixel: U8, floor(255 h)
  width INTEGER NOT NULL, height INTEGER NOT NULL,
  bytes BLOB NOT NULL,             -- rows from top to bottom
  UNIQUE (image, method)
) STRICT;

CREATE TABLE failures (
  id INTEGER PRIMARY KEY,
  image INTEGER NOT NULL REFERENCES images(id) ON DELETE CASCADE,
  method INTEGER REFERENCES run_methods(id) ON DELETE CASCADE, -- NULL: the image as a whole
  severity TEXT NOT NULL CHECK (severity IN ('failure', 'warning')),
  stage TEXT NOT NULL,             -- picture, annotation, mask, model, target, method, score, measure, import
  place TEXT NOT NULL,             -- file and field
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX failures_by_image ON failures (image);

-- Sums of what is in evaluations, kept by the triggers below so that a table of millions of rows is there at once.
CREATE TABLE totals (
  scoring INTEGER NOT NULL REFERENCES scorings(id) ON DELETE CASCADE,
  method INTEGER NOT NULL REFERENCES run_methods(id) ON DELETE CASCADE,
  class INTEGER NOT NULL,          -- main class of the images
  correct INTEGER NOT NULL,        -- 1, 0, -1: not known
  size TEXT NOT NULL,              -- small, medium, large, none
  n INTEGER NOT NULL,              -- scored evaluations: ok and flat
  flat INTEGER NOT NULL,
  iou REAL NOT NULL, f1 REAL NOT NULL, pixel_accuracy REAL NOT NULL,           -- sums
  iou2 REAL NOT NULL, f1_2 REAL NOT NULL, pixel_accuracy2 REAL NOT NULL,       -- sums of squares
  tp INTEGER NOT NULL, fp INTEGER NOT NULL, fn INTEGER NOT NULL, tn INTEGER NOT NULL,
  PRIMARY KEY (scoring, method, class, correct, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER totals_add AFTER INSERT ON evaluations WHEN new.iou IS NOT NULL BEGIN
  INSERT INTO totals
    SELECT new.scoring, new.method, i.main_class, ifnull(p.correct, -1), i.size, 1, new.status = 'flat', new.iou,
           ifnull(new.f1, 0), ifnull(new.pixel_accuracy, 0), new.iou * new.iou, ifnull(new.f1 * new.f1, 0),
           ifnull(new.pixel_accuracy * new.pixel_accuracy, 0), ifnull(new.tp, 0), ifnull(new.fp, 0), ifnull(new.fn, 0),
           ifnull(new.tn, 0)
    FROM images i LEFT JOIN predictions p ON p.image = i.id WHERE i.id = new.image
    ON CONFLICT DO UPDATE SET
      n = n + 1, flat = flat + excluded.flat, iou = iou + excluded.iou, f1 = f1 + excluded.f1,
      pixel_accuracy = pixel_accuracy + excluded.pixel_accuracy, iou2 = iou2 + excluded.iou2,
      f1_2 = f1_2 + excluded.f1_2, pixel_accuracy2 = pixel_accuracy2 + excluded.pixel_accuracy2,
      tp = tp + excluded.tp, fp = fp + excluded.fp, fn = fn + excluded.fn, tn = tn + excluded.tn;
END;

-- What has been measured is not corrected afterwards: a new scoring is a new row, a new setting a new run. What was not
-- measured, because it failed, is tried again.
CREATE TRIGGER evaluations_stay BEFORE UPDATE ON evaluations BEGIN
  SELECT raise(ABORT, 'evaluations are written once: add a scoring instead');
END;
CREATE TRIGGER evaluations_kept BEFORE DELETE ON evaluations
WHEN old.iou IS NOT NULL AND EXISTS (SELECT 1 FROM scorings WHERE id = old.scoring) BEGIN
  SELECT raise(ABORT, 'evaluations are removed with their scoring or run only');
END;
CREATE TRIGGER runs_removed BEFORE DELETE ON runs BEGIN
  DELETE FROM scorings WHERE run = old.id; -- first, with all evaluations; then what they point at
END;

CREATE VIEW scoring_table1 AS
  SELECT s.run, s.name AS scoring, m.name AS method, m.family, 100 * sum(t.iou) / sum(t.n) AS iou,
         100 * sum(t.f1) / sum(t.n) AS f1, 100 * sum(t.pixel_accuracy) / sum(t.n) AS pixel_accuracy,
         sum(t.n) AS n, sum(t.flat) AS flat, m.trivial, m.place
  FROM totals t JOIN scorings s ON s.id = t.scoring JOIN run_methods m ON m.id = t.method
  GROUP BY t.scoring, t.method ORDER BY s.run, s.id, m.place;

CREATE VIEW table1 AS
  SELECT run, method, family, iou, f1, pixel_accuracy, n, flat, trivial
  FROM scoring_table1 WHERE scoring = 'main';

CREATE VIEW per_class AS
  SELECT s.run, c.name AS class, m.name AS method, m.family, 100 * sum(t.iou) / sum(t.n) AS iou,
         100 * sum(t.f1) / sum(t.n) AS f1, 100 * sum(t.pixel_accuracy) / sum(t.n) AS pixel_accuracy,
         sum(t.n) AS n, sum(t.flat) AS flat
  FROM totals t JOIN scorings s ON s.id = t.scoring AND s.name = 'main' JOIN run_methods m ON m.id = t.method
       LEFT JOIN classes c ON c.run = s.run AND c.class = t.class
  GROUP BY t.scoring, t.class, t.method ORDER BY s.run, t.class, m.place;

CREATE VIEW pooled AS
  SELECT s.run, s.name AS scoring, m.name AS method, m.family,
         100.0 * sum(t.tp) / nullif(sum(t.tp + t.fp + t.fn), 0) AS iou,
         200.0 * sum(t.tp) / nullif(sum(2 * t.tp + t.fp + t.fn), 0) AS f1,
         100.0 * sum(t.tp + t.tn) / nullif(sum(t.tp + t.fp + t.fn + t.tn), 0) AS pixel_accuracy, sum(t.n) AS n
  FROM totals t JOIN scorings s ON s.id = t.scoring JOIN run_methods m ON m.id = t.method
  GROUP BY t.scoring, t.method ORDER BY s.run, s.id, m.place;

CREATE VIEW scoring_per_image AS
  SELECT s.run, s.name AS scoring, i.image_id, m.name AS method, e.iou, e.f1, e.pixel_accuracy, e.status, e.threshold,
         e.tp, e.fp, e.fn, e.tn, e.void, m.family, i.position, c.name AS main_class, i.size, i.object_share,
         l.name AS predicted, p.probability, p.correct, e.target, e.milliseconds
  FROM evaluations e JOIN scorings s ON s.id = e.scoring JOIN run_methods m ON m.id = e.method
       JOIN images i ON i.id = e.image JOIN predictions p ON p.image = e.image AND p.passed = 1
       LEFT JOIN classes c ON c.run = s.run AND c.class = i.main_class
       LEFT JOIN labels l ON l.run = s.run AND l.label = p.label;

CREATE VIEW per_image AS
  SELECT run, image_id, method, iou, f1, pixel_accuracy, status, threshold, tp, fp, fn, tn, void, family, position,
         main_class, size, object_share, predicted, probability, correct, target, milliseconds
  FROM scoring_per_image WHERE scoring = 'main';

CREATE VIEW gate AS
  SELECT r.id AS run, r.name, r.min_confidence, r.image_count AS images, count(i.id) AS done,
         ifnull(sum(p.passed), 0) AS passed, ifnull(sum(p.passed * i.position), 0) AS passed_index_sum
  FROM runs r LEFT JOIN images i ON i.run = r.id LEFT JOIN predictions p ON p.image = i.id
  GROUP BY r.id;

CREATE VIEW missing AS
  SELECT i.run, i.image_id, i.position, f.severity, m.name AS method, f.stage, f.place, f.reason
  FROM failures f JOIN images i ON i.id = f.image LEFT JOIN run_methods m ON m.id = f.method;

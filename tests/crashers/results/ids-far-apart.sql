-- read: ids as far apart as a file may have them
INSERT INTO images (id, run, position, image_id, width, height, object_pixels, void_pixels, object_share, size, main_class, mask_digest) SELECT 9223372036854775807, run, 5, 'last', width, height, object_pixels, void_pixels,
  object_share, size, main_class, mask_digest FROM images WHERE position = 0;
INSERT INTO predictions SELECT i.id, p.label, p.probability, p.passed, p.correct FROM images i, predictions p
  WHERE i.position = 5 AND p.image = (SELECT id FROM images WHERE position = 0);
INSERT INTO evaluations SELECT e.scoring, e.method, 9223372036854775807, e.target, e.status, e.threshold, e.tp, e.fp,
  e.fn, e.tn, e.void, e.iou, e.f1, e.pixel_accuracy, e.milliseconds FROM evaluations e
  WHERE e.image = (SELECT id FROM images WHERE position = 0);

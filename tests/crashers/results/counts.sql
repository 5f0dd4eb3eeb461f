-- read: verify added counts beyond 64 bits
INSERT INTO images (id, run, position, image_id, width, height, object_pixels, void_pixels, object_share, size, main_class, mask_digest) SELECT 1000, run, 5, 'last', width, height, object_pixels, void_pixels,
  object_share, size, main_class, mask_digest FROM images WHERE position = 0;
INSERT INTO predictions SELECT 1000, label, probability, passed, correct FROM predictions LIMIT 1;
INSERT INTO evaluations SELECT e.scoring, e.method, 1000, e.target, e.status, e.threshold, 4611686018427387904,
  4611686018427387904, e.fn, e.tn, e.void, e.iou, e.f1, e.pixel_accuracy, e.milliseconds FROM evaluations e
  WHERE e.image = (SELECT id FROM images WHERE position = 0);

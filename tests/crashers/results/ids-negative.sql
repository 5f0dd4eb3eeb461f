-- refused: an image's id below every other's: the table by ids was taken for a span that had overflowed
INSERT INTO images (id, run, position, image_id, width, height, object_pixels, void_pixels, object_share, size, main_class, mask_digest) SELECT -9223372036854775807 - 1, run, 4, 'first', width, height, object_pixels, void_pixels,
  object_share, size, main_class, mask_digest FROM images WHERE position = 0;
INSERT INTO images (id, run, position, image_id, width, height, object_pixels, void_pixels, object_share, size, main_class, mask_digest) SELECT 9223372036854775807, run, 5, 'last', width, height, object_pixels, void_pixels,
  object_share, size, main_class, mask_digest FROM images WHERE position = 0;
INSERT INTO predictions SELECT i.id, p.label, p.probability, p.passed, p.correct FROM images i, predictions p
  WHERE i.position > 3 AND p.image = (SELECT id FROM images WHERE position = 0);

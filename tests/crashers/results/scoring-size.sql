-- read: an evaluation size of no run
UPDATE scorings SET size = '999999999';

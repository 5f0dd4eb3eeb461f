-- refused: the mean of class means counted groups up to it
UPDATE images SET main_class = 2147483647 WHERE position = 1;

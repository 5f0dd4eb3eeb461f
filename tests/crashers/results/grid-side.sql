-- refused: the report squared it
UPDATE runs SET grid_side = 2147483647;

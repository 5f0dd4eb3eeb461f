-- refused: the report took 4.3 GB for a map
UPDATE runs SET input_side = 65536;

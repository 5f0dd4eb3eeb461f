-- read: sides of a map that its bytes do not have
UPDATE maps SET width = 2147483647, height = 2147483647;

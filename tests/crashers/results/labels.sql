-- read: classes that the model does not have
UPDATE predictions SET label = -2147483648;
UPDATE top5 SET label = 2147483647;

-- That every contact has its claims, and since when.
CREATE TABLE IF NOT EXISTS ContactSetup (
    name VARCHAR(32) NOT NULL PRIMARY KEY,
    at   DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

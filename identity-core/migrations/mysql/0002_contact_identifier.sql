-- Who holds which identifier: an index over Contact. The collation compares byte for byte.
CREATE TABLE IF NOT EXISTS ContactIdentifier (
    kind      ENUM('email', 'phone') NOT NULL,
    value     VARCHAR(254) NOT NULL,
    contactId BIGINT NOT NULL,
    PRIMARY KEY (kind, value)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

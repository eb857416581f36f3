-- One statement a file, which may be repeated: MySQL commits each by itself, so a migration can be interrupted, and Galera
-- may lose one of several that are sent together (see store/mysql/session.rs).

-- The shop's own table; one that exists already stays as it is.
CREATE TABLE IF NOT EXISTS Contact (
    id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    phoneNumber    VARCHAR(32) NULL,
    email          VARCHAR(254) NULL,
    linkedId       BIGINT NULL,
    linkPrecedence ENUM('primary', 'secondary') NOT NULL,
    createdAt      DATETIME(6) NOT NULL,
    updatedAt      DATETIME(6) NOT NULL,
    deletedAt      DATETIME(6) NULL,
    KEY Contact_linkedId (linkedId)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

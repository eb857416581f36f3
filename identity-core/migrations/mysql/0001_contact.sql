-- Every statement may be repeated: MySQL commits each by itself, so a migration can be interrupted halfway.

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

-- Who holds which identifier: an index over Contact. The collation compares byte for byte.
CREATE TABLE IF NOT EXISTS ContactIdentifier (
    kind      ENUM('email', 'phone') NOT NULL,
    value     VARCHAR(254) NOT NULL,
    contactId BIGINT NOT NULL,
    PRIMARY KEY (kind, value)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The evidence: rows are only ever added.
CREATE TABLE IF NOT EXISTS ContactEvent (
    id                BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind              ENUM('created', 'linked', 'merged', 'promoted', 'adopted') NOT NULL,
    contactId         BIGINT NOT NULL,
    primaryId         BIGINT NOT NULL,
    previousPrimaryId BIGINT NULL,
    email             VARCHAR(254) NULL,
    phoneNumber       VARCHAR(32) NULL,
    createdAt         DATETIME(6) NOT NULL,
    KEY ContactEvent_contactId (contactId)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- That every contact has its claims, and since when.
CREATE TABLE IF NOT EXISTS ContactSetup (
    name VARCHAR(32) NOT NULL PRIMARY KEY,
    at   DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

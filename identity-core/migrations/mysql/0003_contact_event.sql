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

-- The shop's own table; one that exists already stays as it is.
CREATE TABLE IF NOT EXISTS Contact (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    phoneNumber    TEXT NULL,
    email          TEXT NULL,
    linkedId       INTEGER NULL,
    linkPrecedence TEXT NOT NULL CHECK (linkPrecedence IN ('primary', 'secondary')),
    createdAt      TEXT NOT NULL,
    updatedAt      TEXT NOT NULL,
    deletedAt      TEXT NULL,
    -- The index by linkedId. SQLite has no plain index within a table, and one made apart would change a table that exists
    -- already; this forbids nothing, since ids are unique.
    UNIQUE (linkedId, id)
);

-- Who holds which identifier: an index over Contact.
CREATE TABLE ContactIdentifier (
    kind      TEXT NOT NULL,
    value     TEXT NOT NULL,
    contactId INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;

-- The evidence: rows are only ever added.
CREATE TABLE ContactEvent (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    kind              TEXT NOT NULL,
    contactId         INTEGER NOT NULL,
    primaryId         INTEGER NOT NULL,
    previousPrimaryId INTEGER NULL,
    email             TEXT NULL,
    phoneNumber       TEXT NULL,
    createdAt         TEXT NOT NULL
);
CREATE INDEX ContactEvent_contactId ON ContactEvent (contactId);

-- That every contact has its claims, and since when.
CREATE TABLE ContactSetup (
    name TEXT NOT NULL PRIMARY KEY,
    at   TEXT NOT NULL
);

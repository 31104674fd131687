CREATE TABLE branches (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    code  TEXT NOT NULL UNIQUE,
    name  TEXT NOT NULL
);

CREATE TABLE authors (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    name  TEXT NOT NULL
);

CREATE TABLE books (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    isbn       TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL,
    author_id  INTEGER NOT NULL REFERENCES authors (id),
    published  INTEGER NOT NULL
);

CREATE TABLE copies (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    book_id    INTEGER NOT NULL REFERENCES books (id),
    branch_id  INTEGER NOT NULL REFERENCES branches (id),
    barcode    TEXT NOT NULL UNIQUE,
    withdrawn  INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE tiers (
    code              TEXT PRIMARY KEY,
    loan_limit        INTEGER NOT NULL,
    loan_days         INTEGER NOT NULL,
    renewal_limit     INTEGER NOT NULL,
    daily_fine_cents  INTEGER NOT NULL
);

CREATE TABLE members (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    card       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    tier       TEXT NOT NULL REFERENCES tiers (code),
    joined_on  TEXT NOT NULL,
    blocked    INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE loans (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    copy_id      INTEGER NOT NULL REFERENCES copies (id),
    member_id    INTEGER NOT NULL REFERENCES members (id),
    lent_on      TEXT NOT NULL,
    due_on       TEXT NOT NULL,
    returned_on  TEXT NULL,
    renewals     INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE reservations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    book_id      INTEGER NOT NULL REFERENCES books (id),
    member_id    INTEGER NOT NULL REFERENCES members (id),
    placed_at    TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'fulfilled', 'cancelled', 'expired')),
    ready_until  TEXT NULL
);

CREATE TABLE fines (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    loan_id       INTEGER NOT NULL UNIQUE REFERENCES loans (id),
    member_id     INTEGER NOT NULL REFERENCES members (id),
    amount_cents  INTEGER NOT NULL CHECK (amount_cents > 0),
    paid_cents    INTEGER NOT NULL DEFAULT 0 CHECK (paid_cents <= amount_cents)
);

CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    member_id  INTEGER NOT NULL REFERENCES members (id),
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,
    sent_at    TEXT NOT NULL
);

-- Who wrote what: every write of the application leaves one row here, in the same transaction.
CREATE TABLE journal (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    actor       TEXT NOT NULL,
    relation    TEXT NOT NULL,
    operation   TEXT NOT NULL,
    row_id      INTEGER NOT NULL,
    written_at  TEXT NOT NULL
);

-- Who is at work on this database right now.
CREATE TABLE presences (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    machine          TEXT NOT NULL,
    process_id       INTEGER NOT NULL,
    process_started  TEXT NOT NULL,
    name             TEXT NOT NULL
);

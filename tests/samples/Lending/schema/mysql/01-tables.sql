CREATE TABLE branches (
    id    BIGINT AUTO_INCREMENT PRIMARY KEY,
    code  VARCHAR(200) NOT NULL UNIQUE,
    name  VARCHAR(300) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE authors (
    id    BIGINT AUTO_INCREMENT PRIMARY KEY,
    name  VARCHAR(300) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE books (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    isbn       VARCHAR(200) NOT NULL UNIQUE,
    title      VARCHAR(300) NOT NULL,
    author_id  BIGINT NOT NULL,
    published  INTEGER NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE copies (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    book_id    BIGINT NOT NULL,
    branch_id  BIGINT NOT NULL,
    barcode    VARCHAR(200) NOT NULL UNIQUE,
    withdrawn  BOOLEAN NOT NULL DEFAULT FALSE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE tiers (
    code              VARCHAR(200) PRIMARY KEY,
    loan_limit        INTEGER NOT NULL,
    loan_days         INTEGER NOT NULL,
    renewal_limit     INTEGER NOT NULL,
    daily_fine_cents  INTEGER NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE members (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    card       VARCHAR(200) NOT NULL UNIQUE,
    name       VARCHAR(300) NOT NULL,
    email      VARCHAR(200) NOT NULL,
    tier       VARCHAR(200) NOT NULL,
    joined_on  DATE NOT NULL,
    blocked    BOOLEAN NOT NULL DEFAULT FALSE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE loans (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    copy_id      BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    lent_on      DATE NOT NULL,
    due_on       DATE NOT NULL,
    returned_on  DATE NULL,
    renewals     INTEGER NOT NULL DEFAULT 0
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE reservations (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    book_id      BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    placed_at    DATETIME(6) NOT NULL,
    state        VARCHAR(200) NOT NULL CHECK (state IN ('waiting', 'ready', 'fulfilled', 'cancelled', 'expired')),
    ready_until  DATE NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE fines (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    loan_id       BIGINT NOT NULL UNIQUE,
    member_id     BIGINT NOT NULL,
    amount_cents  INTEGER NOT NULL CHECK (amount_cents > 0),
    paid_cents    INTEGER NOT NULL DEFAULT 0 CHECK (paid_cents <= amount_cents)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE notices (
    id         BIGINT AUTO_INCREMENT PRIMARY KEY,
    member_id  BIGINT NOT NULL,
    kind       VARCHAR(200) NOT NULL,
    body       TEXT NOT NULL,
    sent_at    DATETIME(6) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who wrote what: every write of the application leaves one row here, in the same transaction.
CREATE TABLE journal (
    id          BIGINT AUTO_INCREMENT PRIMARY KEY,
    actor       VARCHAR(200) NOT NULL,
    relation    VARCHAR(200) NOT NULL,
    operation   VARCHAR(200) NOT NULL,
    row_id      BIGINT NOT NULL,
    written_at  DATETIME(6) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who is at work on this database right now.
CREATE TABLE presences (
    id               BIGINT AUTO_INCREMENT PRIMARY KEY,
    machine          VARCHAR(200) NOT NULL,
    process_id       BIGINT NOT NULL,
    process_started  VARCHAR(200) NOT NULL,
    name             VARCHAR(300) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_copies_book ON copies (book_id);
CREATE INDEX ix_loans_copy ON loans (copy_id, returned_on);
CREATE INDEX ix_loans_member ON loans (member_id, returned_on);
CREATE INDEX ix_reservations_book ON reservations (book_id, state, id);
CREATE INDEX ix_journal_actor ON journal (actor);

CREATE VIEW open_loans AS
SELECT l.id, l.copy_id, l.member_id, l.lent_on, l.due_on, l.renewals, c.barcode, c.book_id, m.card
FROM loans l
JOIN copies c ON c.id = l.copy_id
JOIN members m ON m.id = l.member_id
WHERE l.returned_on IS NULL;

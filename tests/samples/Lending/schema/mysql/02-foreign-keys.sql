-- MySQL reads a column's own REFERENCES and forgets it: foreign keys have to be the table's.
ALTER TABLE books ADD CONSTRAINT fk_books_author FOREIGN KEY (author_id) REFERENCES authors (id);
ALTER TABLE copies ADD CONSTRAINT fk_copies_book FOREIGN KEY (book_id) REFERENCES books (id);
ALTER TABLE copies ADD CONSTRAINT fk_copies_branch FOREIGN KEY (branch_id) REFERENCES branches (id);
ALTER TABLE members ADD CONSTRAINT fk_members_tier FOREIGN KEY (tier) REFERENCES tiers (code);
ALTER TABLE loans ADD CONSTRAINT fk_loans_copy FOREIGN KEY (copy_id) REFERENCES copies (id);
ALTER TABLE loans ADD CONSTRAINT fk_loans_member FOREIGN KEY (member_id) REFERENCES members (id);
ALTER TABLE reservations ADD CONSTRAINT fk_reservations_book FOREIGN KEY (book_id) REFERENCES books (id);
ALTER TABLE reservations ADD CONSTRAINT fk_reservations_member FOREIGN KEY (member_id) REFERENCES members (id);
ALTER TABLE fines ADD CONSTRAINT fk_fines_loan FOREIGN KEY (loan_id) REFERENCES loans (id);
ALTER TABLE fines ADD CONSTRAINT fk_fines_member FOREIGN KEY (member_id) REFERENCES members (id);
ALTER TABLE notices ADD CONSTRAINT fk_notices_member FOREIGN KEY (member_id) REFERENCES members (id);

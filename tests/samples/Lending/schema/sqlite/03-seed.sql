-- The library on its first day. Every engine's seed holds the same rows.
INSERT INTO branches (code, name) VALUES ('MAIN', 'Main Library');
INSERT INTO branches (code, name) VALUES ('EAST', 'East Side');
INSERT INTO branches (code, name) VALUES ('BUS', 'Library Bus; stops at 3');

INSERT INTO tiers (code, loan_limit, loan_days, renewal_limit, daily_fine_cents) VALUES ('child', 3, 21, 2, 0);
INSERT INTO tiers (code, loan_limit, loan_days, renewal_limit, daily_fine_cents) VALUES ('student', 5, 28, 3, 10);
INSERT INTO tiers (code, loan_limit, loan_days, renewal_limit, daily_fine_cents) VALUES ('adult', 8, 21, 2, 25);
INSERT INTO tiers (code, loan_limit, loan_days, renewal_limit, daily_fine_cents) VALUES ('senior', 8, 28, 4, 10);

INSERT INTO authors (name) VALUES ('Jane Austen');
INSERT INTO authors (name) VALUES ('Charlotte Brontë');
INSERT INTO authors (name) VALUES ('Fyodor Dostoevsky');
INSERT INTO authors (name) VALUES ('Ursula K. Le Guin');
INSERT INTO authors (name) VALUES ('Gabriel García Márquez');
INSERT INTO authors (name) VALUES ('Chinua Achebe');
INSERT INTO authors (name) VALUES ('Astrid Lindgren');
INSERT INTO authors (name) VALUES ('Stanisław Lem');
INSERT INTO authors (name) VALUES ('Tove Jansson');
INSERT INTO authors (name) VALUES ('村上 春樹');
INSERT INTO authors (name) VALUES ('Naguib Mahfouz');
INSERT INTO authors (name) VALUES ('Flann O''Brien');

INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000016', 'Pride and Prejudice', id, 1813 FROM authors WHERE name = 'Jane Austen';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000023', 'Emma', id, 1815 FROM authors WHERE name = 'Jane Austen';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000030', 'Persuasion', id, 1817 FROM authors WHERE name = 'Jane Austen';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000047', 'Jane Eyre', id, 1847 FROM authors WHERE name = 'Charlotte Brontë';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000054', 'Villette', id, 1853 FROM authors WHERE name = 'Charlotte Brontë';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000061', 'Crime and Punishment', id, 1866 FROM authors WHERE name = 'Fyodor Dostoevsky';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000078', 'The Idiot', id, 1869 FROM authors WHERE name = 'Fyodor Dostoevsky';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000085', 'The Dispossessed', id, 1974 FROM authors WHERE name = 'Ursula K. Le Guin';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000092', 'A Wizard of Earthsea', id, 1968 FROM authors WHERE name = 'Ursula K. Le Guin';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000108', 'The Left Hand of Darkness', id, 1969 FROM authors WHERE name = 'Ursula K. Le Guin';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000115', 'One Hundred Years of Solitude', id, 1967 FROM authors WHERE name = 'Gabriel García Márquez';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000122', 'Things Fall Apart', id, 1958 FROM authors WHERE name = 'Chinua Achebe';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000139', 'Pippi Longstocking', id, 1945 FROM authors WHERE name = 'Astrid Lindgren';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000146', 'The Brothers Lionheart', id, 1973 FROM authors WHERE name = 'Astrid Lindgren';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000153', 'Solaris', id, 1961 FROM authors WHERE name = 'Stanisław Lem';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000160', 'The Cyberiad', id, 1965 FROM authors WHERE name = 'Stanisław Lem';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000177', 'The Summer Book', id, 1972 FROM authors WHERE name = 'Tove Jansson';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000184', 'Moominland Midwinter', id, 1957 FROM authors WHERE name = 'Tove Jansson';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000191', 'ノルウェイの森', id, 1987 FROM authors WHERE name = '村上 春樹';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000207', 'Palace Walk', id, 1956 FROM authors WHERE name = 'Naguib Mahfouz';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000214', 'At Swim-Two-Birds', id, 1939 FROM authors WHERE name = 'Flann O''Brien';
INSERT INTO books (isbn, title, author_id, published)
    SELECT '9781000000221', 'The Third Policeman', id, 1967 FROM authors WHERE name = 'Flann O''Brien';

INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S001-1' FROM books b, branches r WHERE b.isbn = '9781000000016' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S002-1' FROM books b, branches r WHERE b.isbn = '9781000000023' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S002-2' FROM books b, branches r WHERE b.isbn = '9781000000023' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S003-1' FROM books b, branches r WHERE b.isbn = '9781000000030' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S003-2' FROM books b, branches r WHERE b.isbn = '9781000000030' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S003-3' FROM books b, branches r WHERE b.isbn = '9781000000030' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S004-1' FROM books b, branches r WHERE b.isbn = '9781000000047' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S005-1' FROM books b, branches r WHERE b.isbn = '9781000000054' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S005-2' FROM books b, branches r WHERE b.isbn = '9781000000054' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S006-1' FROM books b, branches r WHERE b.isbn = '9781000000061' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S006-2' FROM books b, branches r WHERE b.isbn = '9781000000061' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S006-3' FROM books b, branches r WHERE b.isbn = '9781000000061' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S007-1' FROM books b, branches r WHERE b.isbn = '9781000000078' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S008-1' FROM books b, branches r WHERE b.isbn = '9781000000085' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S008-2' FROM books b, branches r WHERE b.isbn = '9781000000085' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S009-1' FROM books b, branches r WHERE b.isbn = '9781000000092' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S009-2' FROM books b, branches r WHERE b.isbn = '9781000000092' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S009-3' FROM books b, branches r WHERE b.isbn = '9781000000092' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S010-1' FROM books b, branches r WHERE b.isbn = '9781000000108' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S011-1' FROM books b, branches r WHERE b.isbn = '9781000000115' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S011-2' FROM books b, branches r WHERE b.isbn = '9781000000115' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S012-1' FROM books b, branches r WHERE b.isbn = '9781000000122' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S012-2' FROM books b, branches r WHERE b.isbn = '9781000000122' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S012-3' FROM books b, branches r WHERE b.isbn = '9781000000122' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S013-1' FROM books b, branches r WHERE b.isbn = '9781000000139' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S014-1' FROM books b, branches r WHERE b.isbn = '9781000000146' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S014-2' FROM books b, branches r WHERE b.isbn = '9781000000146' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S015-1' FROM books b, branches r WHERE b.isbn = '9781000000153' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S015-2' FROM books b, branches r WHERE b.isbn = '9781000000153' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S015-3' FROM books b, branches r WHERE b.isbn = '9781000000153' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S016-1' FROM books b, branches r WHERE b.isbn = '9781000000160' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S017-1' FROM books b, branches r WHERE b.isbn = '9781000000177' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S017-2' FROM books b, branches r WHERE b.isbn = '9781000000177' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S018-1' FROM books b, branches r WHERE b.isbn = '9781000000184' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S018-2' FROM books b, branches r WHERE b.isbn = '9781000000184' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S018-3' FROM books b, branches r WHERE b.isbn = '9781000000184' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S019-1' FROM books b, branches r WHERE b.isbn = '9781000000191' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S020-1' FROM books b, branches r WHERE b.isbn = '9781000000207' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S020-2' FROM books b, branches r WHERE b.isbn = '9781000000207' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S021-1' FROM books b, branches r WHERE b.isbn = '9781000000214' AND r.code = 'MAIN';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S021-2' FROM books b, branches r WHERE b.isbn = '9781000000214' AND r.code = 'EAST';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S021-3' FROM books b, branches r WHERE b.isbn = '9781000000214' AND r.code = 'BUS';
INSERT INTO copies (book_id, branch_id, barcode)
    SELECT b.id, r.id, 'S022-1' FROM books b, branches r WHERE b.isbn = '9781000000221' AND r.code = 'MAIN';

INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000016', 'Ada Reader', 'ada@example.org', 'adult', '2020-01-01', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000024', 'Ben Borrower', 'ben@example.org', 'adult', '2020-01-02', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000032', 'Carla Child', 'carla@example.org', 'child', '2020-01-03', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000040', 'Dov Child', 'dov@example.org', 'child', '2020-01-04', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000057', 'Emil Student', 'emil@example.org', 'student', '2020-01-05', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000065', 'Fatima Student', 'fatima@example.org', 'student', '2020-01-06', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000073', 'Greta Senior', 'greta@example.org', 'senior', '2020-01-07', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000081', 'Hiro Senior', 'hiro@example.org', 'senior', '2020-01-08', FALSE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000099', 'Ines Blocked', 'ines@example.org', 'adult', '2020-01-09', TRUE);
INSERT INTO members (card, name, email, tier, joined_on, blocked)
    VALUES ('1000000107', 'Jon O''Late', 'jon@example.org', 'adult', '2020-01-10', FALSE);

INSERT INTO loans (copy_id, member_id, lent_on, due_on, returned_on)
    SELECT c.id, m.id, '2026-01-05', '2026-01-26', NULL FROM copies c, members m WHERE c.barcode = 'S001-1' AND m.card = '1000000107';
INSERT INTO loans (copy_id, member_id, lent_on, due_on, returned_on)
    SELECT c.id, m.id, '2026-01-05', '2026-01-26', NULL FROM copies c, members m WHERE c.barcode = 'S006-1' AND m.card = '1000000107';
INSERT INTO loans (copy_id, member_id, lent_on, due_on, returned_on)
    SELECT c.id, m.id, '2026-02-02', '2026-03-02', NULL FROM copies c, members m WHERE c.barcode = 'S015-1' AND m.card = '1000000057';
INSERT INTO loans (copy_id, member_id, lent_on, due_on, returned_on)
    SELECT c.id, m.id, '2025-11-03', '2025-11-24', '2025-11-20' FROM copies c, members m WHERE c.barcode = 'S003-1' AND m.card = '1000000016';

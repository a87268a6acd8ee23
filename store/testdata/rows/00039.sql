INSERT INTO review_case (id, rev, session, kind, state, mark, claimant, claimed_at, first, second, reason, folder, pictures, contact, pictures_until, parked_at, expires, ended_at)
VALUES ('id', 7, 'session', 'doubtful-face', 'open', 'mark', 'claimant', 7, 'first', 'second', 'reason', 'folder', 'pictures', 'contact', 7, 7, 7, 7);
INSERT INTO desk_session (id, rev, sitting, device, booking, officer, state, mark, challenges, challenge_at, proved, copyable, expired, checks, exceptions, statement, signed, code_mac, code_until, tries, payload, created_at, expires, ended_at)
VALUES ('id', 7, 'sitting', 'device', 'booking', 'officer', 'opened', 'mark', 7, 7, false, false, false, 'checks', 'exceptions', 'statement', 'signed', 'code_mac', 7, 7, 'payload', 7, 7, 7);
INSERT INTO appointment (id, rev, office, at, seat, state, contact, moves)
VALUES ('id', 7, 'office', 7, 7, 'booked', 'contact', 7);

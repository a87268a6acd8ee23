INSERT INTO card_visit (id, rev, state, person, tries, tried_at, slip, pairing, began, expires, payload, record)
VALUES ('id', 7, 'begun', 'person', 7, 7, 'slip', 'pairing', 7, 7, 'payload', 'record');
INSERT INTO card_slip (id, rev, session, number, device, state, visit, pairing, made, until, due, phone)
VALUES ('id', 7, 'session', 7, 'device', 'used', 'visit', 'pairing', 7, 7, 7, 'phone');

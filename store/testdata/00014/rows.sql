-- One row or two of each table as it was at migration 00014, in SQL that both
-- engines take. All invented. Bytes are written as ASCII.
INSERT INTO audit_line (id, at, subject, record, salt, leaf) VALUES ('0001', 1800000000000, 'case', NULL, NULL, 'leaf');
INSERT INTO app_session (id, device_key, nonce, claims, created_at) VALUES ('session', 'spki', 'nonce', '{}', 1800000000000);
INSERT INTO app_reply (session_id, counter, hash, status, body) VALUES ('session', 7, 'hash', 200, 'body');
INSERT INTO mail_job (id, kind, sealed, state, made_at, run_at, tries) VALUES ('waits', 'otp', 'sealed', 'waiting', 1800000000000, 0, 0);
INSERT INTO mail_job (id, kind, sealed, state, made_at, run_at, tries) VALUES ('sent', 'otp', NULL, 'sent', 1800000000000, 0, 1);
INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac) VALUES ('document', 0, 'charged', 'a1', 1800000000000, '', true, 'mac');
INSERT INTO lock_entry (key, place, kind, attempt, at, code, copyable, mac) VALUES ('document', 1, 'permanent', '', 1800000001000, '', false, '');
INSERT INTO otp_sheet (session, rev, owner, contact, codes, is_over, sent_at) VALUES ('sheet', 3, 'owner', 'contact', '[]', true, 1800000000000);
INSERT INTO otp_spend (key, day, used) VALUES ('budget', '2027-01-15', 5);
INSERT INTO account (id, rev, person, document, surname, given_names, level, state, device, login_key, sign_key, certificates, contact, application, signature, created_at, expires_at)
VALUES ('account', 4, 'PNOXX-199002140017', 'PNOXX-199002140017-ABCD-Q', 'Holder', 'Ada', 'QUALIFIED', 'active', 'device', 'login', 'sign', '[]', 'contact', '{}', 'signature', 1800000000000, 1890000000000);
INSERT INTO account (id, rev, person, document, surname, given_names, level, state, device, login_key, sign_key, certificates, contact, application, signature, created_at, expires_at)
VALUES ('gone', 2, 'PNOXX-199002140017', 'PNOXX-199002140017-EFGH-Q', 'Holder', 'Ada', 'QUALIFIED', 'revoked', 'device', 'l', 's', '[]', '', '', '', 1700000000000, 1790000000000);
INSERT INTO enrol_session (id, rev, device, way, revision, state, why, claim, facts, challenges, challenge_at, document, copyable, attempts, attempt, captures, account, login_key, sign_key, txn, due, created_at, expires_at, payload)
VALUES ('sitting', 5, 'device', 'passport', 'passport/1', 'open', '', '{}', '{}', 1, 1800000000000, 'document', false, 1, 'a1', 0, '', '', '', '', 1800000300000, 1800000000000, 1800001800000, 'sealed');
INSERT INTO keyshare_key (id, rev, purpose, device, account, state, reason, generation, created_at, modulus, public, sealed_voprf, begin_hash, hardenings, counter, rotated_at, product, inverse, sealed_half, last_seq, last_nonce, cleared_seq, unconfirmed, life_count, due_at, ends_at)
VALUES ('login', 9, 'login', 'device', 'account', 'ready', '', 1, 1800000000000, 'n1', 'public', 'k', 'begin', 1, 4, 1800000002000, 'n', 'inverse', 'n2', 2, 'nonce2', 1, 1, 2, 0, 0);
INSERT INTO keyshare_key (id, rev, purpose, device, account, state, reason, generation, created_at, modulus, public, sealed_voprf, begin_hash, hardenings, counter, rotated_at, product, inverse, sealed_half, last_seq, last_nonce, cleared_seq, unconfirmed, life_count, due_at, ends_at)
VALUES ('sign', 3, 'signature', 'device', 'account', 'ended', 'pin', 1, 1800000000000, 'm1', 'public', '', 'begin', 1, 1, 1800000002000, 'm', 'inverse', '', 0, '', 0, 9, 9, 0, 0);
INSERT INTO keyshare_evaluation (key, seq, generation, txn, nonce, body, state, at, answer) VALUES ('login', 1, 1, 'signed', 'nonce1', 'body', 'confirmed', 1800000001000, '{}');
INSERT INTO keyshare_evaluation (key, seq, generation, txn, nonce, body, state, at, answer) VALUES ('login', 2, 1, 'live', 'nonce2', 'body', 'reserved', 1800000002000, '');
INSERT INTO keyshare_transaction (id, rev, key, kind, record, hash, salt, freshness, state, created_at, expires_at, completion, answer, approval, signature, signed_at)
VALUES ('signed', 3, 'login', 'acsp', '{}', 'SHA3-512', 'salt', 'fresh', 'signed', 1800000000000, 1800000300000, 'completion', 'answer', '{}', 'signature', 1800000001000);
INSERT INTO keyshare_transaction (id, rev, key, kind, record, hash, salt, freshness, state, created_at, expires_at, completion, answer, approval, signature, signed_at)
VALUES ('live', 1, 'login', 'acsp', '{}', 'SHA3-512', 'salt', 'fresh', 'live', 1800000000000, 1800000300000, '', '', '', '', 0);
INSERT INTO keyshare_pool (modulus, sealed_half, created_at) VALUES ('pooled', 'sealed', 1800000000000);
INSERT INTO keyshare_modulus (hash) VALUES ('a hash');
INSERT INTO certificate (serial, request, digest, account, purpose, level, key, tbs, intent, valid_from, valid_to, certificate, issued, revoked, reason)
VALUES ('01', 'request1', 'digest', 'account', 'login', 'QUALIFIED', 'key1', 'tbs', 1800000000000, 1800000000000, 1890000000000, 'der', 1800000001000, 0, '');
INSERT INTO certificate (serial, request, digest, account, purpose, level, key, tbs, intent, valid_from, valid_to, certificate, issued, revoked, reason)
VALUES ('02', 'request2', 'digest', 'account', 'signature', 'QUALIFIED', 'key2', 'tbs', 1800000000001, 1800000000000, 1890000000000, 'der', 1800000001000, 1800000002000, 'superseded');
INSERT INTO login_session (id, rev, party, person, created, expires, ended, state, end_result, not_me, detail)
VALUES ('asked', 2, 'party', 'person', 1800000000000, 1800000300000, 1800000001000, 'COMPLETE', 'OK', false, 'detail');
INSERT INTO custody_mark (name, sealed) VALUES ('voprf', 'sealed');

-- What SQL cannot say alike on both engines. Run at each opening, after the
-- migrations; every statement may be run again. A trigger that is changed gets
-- a new name, and a DROP TRIGGER IF EXISTS of the old one.

CREATE TRIGGER IF NOT EXISTS audit_line_keep_leaf
BEFORE UPDATE OF id, at, subject, leaf ON audit_line
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER IF NOT EXISTS audit_line_erase_only
BEFORE UPDATE OF record, salt ON audit_line
WHEN NEW.record IS NOT NULL OR NEW.salt IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an audit record can only be erased'); END;

CREATE TRIGGER IF NOT EXISTS audit_line_no_delete
BEFORE DELETE ON audit_line
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- A row that is there must not be replaced either: INSERT OR REPLACE would
-- delete it without asking the trigger above.
CREATE TRIGGER IF NOT EXISTS audit_line_no_replace
BEFORE INSERT ON audit_line WHEN EXISTS (SELECT 1 FROM audit_line WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER IF NOT EXISTS audit_line_placed_once
BEFORE UPDATE OF log_index ON audit_line WHEN OLD.log_index IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a line has one place in the log'); END;

CREATE TRIGGER IF NOT EXISTS lock_entry_no_update
BEFORE UPDATE ON lock_entry
BEGIN SELECT RAISE(ABORT, 'the lock ledger is append-only'); END;

CREATE TRIGGER IF NOT EXISTS lock_entry_no_delete
BEFORE DELETE ON lock_entry
BEGIN SELECT RAISE(ABORT, 'the lock ledger is append-only'); END;

-- Neither between the entries nor in the place of one (INSERT OR REPLACE).
CREATE TRIGGER IF NOT EXISTS lock_entry_at_the_end
BEFORE INSERT ON lock_entry
WHEN NEW.place <> (SELECT COUNT(*) FROM lock_entry WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'the lock ledger grows at its end'); END;

-- Permanent is permanent: nothing that could mean anything is written behind it.
CREATE TRIGGER IF NOT EXISTS lock_entry_permanent
BEFORE INSERT ON lock_entry
WHEN NEW.kind <> 'noted' AND EXISTS (SELECT 1 FROM lock_entry WHERE key = NEW.key AND kind = 'permanent')
BEGIN SELECT RAISE(ABORT, 'this document is locked for ever'); END;

CREATE TRIGGER IF NOT EXISTS keyshare_modulus_no_update
BEFORE UPDATE ON keyshare_modulus
BEGIN SELECT RAISE(ABORT, 'a modulus is remembered for ever'); END;

CREATE TRIGGER IF NOT EXISTS keyshare_modulus_no_delete
BEFORE DELETE ON keyshare_modulus
BEGIN SELECT RAISE(ABORT, 'a modulus is remembered for ever'); END;

-- What has ended stays ended: accounts, keys, certificates.
CREATE TRIGGER IF NOT EXISTS account_ended
BEFORE UPDATE ON account
WHEN OLD.state IN ('revoked', 'closed', 'expired') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'this account has ended'); END;

CREATE TRIGGER IF NOT EXISTS keyshare_key_ended
BEFORE UPDATE ON keyshare_key
WHEN OLD.state = 'ended' AND NEW.state <> 'ended'
BEGIN SELECT RAISE(ABORT, 'this key has ended'); END;

CREATE TRIGGER IF NOT EXISTS certificate_revoked
BEFORE UPDATE ON certificate
WHEN OLD.revoked <> 0 AND (NEW.revoked <> OLD.revoked OR NEW.reason <> OLD.reason)
BEGIN SELECT RAISE(ABORT, 'a revocation stands for ever'); END;

CREATE TRIGGER IF NOT EXISTS certificate_revoked_hold
BEFORE UPDATE ON certificate
WHEN OLD.revoked <> 0 AND NEW.held <> OLD.held
BEGIN SELECT RAISE(ABORT, 'a revocation stands for ever'); END;

CREATE TRIGGER IF NOT EXISTS certificate_no_delete
BEFORE DELETE ON certificate
BEGIN SELECT RAISE(ABORT, 'certificates are kept'); END;

CREATE TRIGGER IF NOT EXISTS container_complete
BEFORE UPDATE ON container
WHEN OLD.level = 'LT'
BEGIN SELECT RAISE(ABORT, 'a complete container is not changed'); END;

-- Evidence points to the scheme files.
CREATE TRIGGER IF NOT EXISTS scheme_file_no_update
BEFORE UPDATE ON scheme_file
BEGIN SELECT RAISE(ABORT, 'scheme files are kept'); END;

CREATE TRIGGER IF NOT EXISTS scheme_file_no_delete
BEFORE DELETE ON scheme_file
BEGIN SELECT RAISE(ABORT, 'scheme files are kept'); END;

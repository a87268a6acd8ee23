-- What SQL cannot say alike on both engines. Run at an opening, after the
-- migrations, by one node at a time, whenever the triggers are not as they were
-- left; every statement may be run again. Each
-- trigger has its twin in sqlite.sql. A trigger that goes away gets a
-- DROP TRIGGER IF EXISTS.

-- The arguments of the triggers below: what to say.
CREATE OR REPLACE FUNCTION tunnus_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$;

CREATE OR REPLACE TRIGGER audit_line_keep_leaf
BEFORE UPDATE OF id, at, subject, leaf ON audit_line
FOR EACH ROW EXECUTE FUNCTION tunnus_refuse('the audit log is append-only');

CREATE OR REPLACE TRIGGER audit_line_erase_only
BEFORE UPDATE OF record, salt ON audit_line
FOR EACH ROW WHEN (NEW.record IS NOT NULL OR NEW.salt IS NOT NULL)
EXECUTE FUNCTION tunnus_refuse('an audit record can only be erased');

CREATE OR REPLACE TRIGGER audit_line_placed_once
BEFORE UPDATE OF log_index ON audit_line
FOR EACH ROW WHEN (OLD.log_index IS NOT NULL)
EXECUTE FUNCTION tunnus_refuse('a line has one place in the log');

CREATE OR REPLACE TRIGGER audit_line_no_delete
BEFORE DELETE ON audit_line
FOR EACH ROW EXECUTE FUNCTION tunnus_refuse('the audit log is append-only');

CREATE OR REPLACE TRIGGER audit_line_no_truncate
BEFORE TRUNCATE ON audit_line
FOR EACH STATEMENT EXECUTE FUNCTION tunnus_refuse('the audit log is append-only');

CREATE OR REPLACE TRIGGER lock_entry_no_change
BEFORE UPDATE OR DELETE ON lock_entry
FOR EACH ROW EXECUTE FUNCTION tunnus_refuse('the lock ledger is append-only');

CREATE OR REPLACE TRIGGER lock_entry_no_truncate
BEFORE TRUNCATE ON lock_entry
FOR EACH STATEMENT EXECUTE FUNCTION tunnus_refuse('the lock ledger is append-only');

-- Entries are written behind each other, and nothing that could mean anything
-- behind a permanent lock: permanent is permanent. The primary key and the
-- isolation of the writers make that hold between transactions too.
CREATE OR REPLACE FUNCTION tunnus_lock_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.place <> (SELECT COUNT(*) FROM lock_entry WHERE key = NEW.key) THEN
    RAISE EXCEPTION 'the lock ledger grows at its end' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.kind <> 'noted' AND EXISTS (SELECT 1 FROM lock_entry WHERE key = NEW.key AND kind = 'permanent') THEN
    RAISE EXCEPTION 'this document is locked for ever' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER lock_entry_at_the_end
BEFORE INSERT ON lock_entry FOR EACH ROW EXECUTE FUNCTION tunnus_lock_entry();

-- Also for a session that replays another one's rows (session_replication_role).
ALTER TABLE lock_entry ENABLE ALWAYS TRIGGER lock_entry_no_change;
ALTER TABLE lock_entry ENABLE ALWAYS TRIGGER lock_entry_no_truncate;
ALTER TABLE lock_entry ENABLE ALWAYS TRIGGER lock_entry_at_the_end;

CREATE OR REPLACE TRIGGER keyshare_modulus_no_change
BEFORE UPDATE OR DELETE ON keyshare_modulus
FOR EACH ROW EXECUTE FUNCTION tunnus_refuse('a modulus is remembered for ever');

CREATE OR REPLACE TRIGGER keyshare_modulus_no_truncate
BEFORE TRUNCATE ON keyshare_modulus
FOR EACH STATEMENT EXECUTE FUNCTION tunnus_refuse('a modulus is remembered for ever');

-- What has ended stays ended: accounts, keys, certificates.
CREATE OR REPLACE TRIGGER account_ended
BEFORE UPDATE ON account
FOR EACH ROW WHEN (OLD.state IN ('revoked', 'closed', 'expired') AND NEW.state <> OLD.state)
EXECUTE FUNCTION tunnus_refuse('this account has ended');

CREATE OR REPLACE TRIGGER keyshare_key_ended
BEFORE UPDATE ON keyshare_key
FOR EACH ROW WHEN (OLD.state = 'ended' AND NEW.state <> 'ended')
EXECUTE FUNCTION tunnus_refuse('this key has ended');

CREATE OR REPLACE TRIGGER certificate_revoked
BEFORE UPDATE ON certificate
FOR EACH ROW WHEN (OLD.revoked <> 0 AND (NEW.revoked <> OLD.revoked OR NEW.reason <> OLD.reason))
EXECUTE FUNCTION tunnus_refuse('a revocation stands for ever');

CREATE OR REPLACE TRIGGER certificate_revoked_hold
BEFORE UPDATE ON certificate
FOR EACH ROW WHEN (OLD.revoked <> 0 AND NEW.held <> OLD.held)
EXECUTE FUNCTION tunnus_refuse('a revocation stands for ever');

CREATE OR REPLACE TRIGGER certificate_no_delete
BEFORE DELETE ON certificate
FOR EACH ROW EXECUTE FUNCTION tunnus_refuse('certificates are kept');

CREATE OR REPLACE TRIGGER certificate_no_truncate
BEFORE TRUNCATE ON certificate
FOR EACH STATEMENT EXECUTE FUNCTION tunnus_refuse('certificates are kept');

CREATE OR REPLACE TRIGGER container_complete
BEFORE UPDATE ON container
FOR EACH ROW WHEN (OLD.level = 'LT')
EXECUTE FUNCTION tunnus_refuse('a complete container is not changed');

-- Evidence points to the scheme files.
CREATE OR REPLACE TRIGGER scheme_file_no_change
BEFORE UPDATE OR DELETE ON scheme_file
FOR EACH ROW EXECUTE FUNCTION tunnus_refuse('scheme files are kept');

CREATE OR REPLACE TRIGGER scheme_file_no_truncate
BEFORE TRUNCATE ON scheme_file
FOR EACH STATEMENT EXECUTE FUNCTION tunnus_refuse('scheme files are kept');

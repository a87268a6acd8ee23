-- +goose Up
-- The oldest server half is found without reading the others, also where two are
-- of one moment.
DROP INDEX keyshare_pool_age;
CREATE INDEX keyshare_pool_age ON keyshare_pool (created_at, modulus);
-- What the retention job looks for.
CREATE INDEX staff_consent_good ON staff_consent (good);
CREATE INDEX population_case_since ON population_case (since);

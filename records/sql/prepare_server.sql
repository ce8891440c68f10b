-- Purpose: what a superuser does once for a fresh server, so that Tandem needs no superuser afterwards.
-- Run in the database `tandem`; may be run again. Units, SRID, index: none.
-- The owner `tandem` migrates; the program acts as `tandem_app`, which owns nothing, so row-level security binds it.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tandem') THEN
    CREATE ROLE tandem LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tandem_app') THEN
    CREATE ROLE tandem_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
END $$;
GRANT tandem_app TO tandem;
ALTER DATABASE tandem OWNER TO tandem;
REVOKE ALL ON DATABASE tandem FROM PUBLIC;
ALTER SCHEMA public OWNER TO tandem;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pgcrypto;

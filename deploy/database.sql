-- Roles and database, once, as a superuser of PostgreSQL 15 or newer: psql -f database.sql
--
-- suyuan_owner owns the tables and changes their shape; suyuan_app adds records and may not rewrite them. Nobody
-- logs in as either: the services log in as suyuan and act as suyuan_app, an administrator logs in as suyuan_admin
-- and may act as both. Over a local socket with peer authentication the logins need no password; in pg_hba.conf,
-- before the lines that are there:
--
--     local   suyuan   suyuan,suyuan_admin   peer   map=suyuan
--
-- and in pg_ident.conf, so that the account of the services is never the administrator:
--
--     suyuan   suyuan   suyuan
--     suyuan   root     suyuan
--     suyuan   root     suyuan_admin

CREATE ROLE suyuan_owner NOLOGIN;
CREATE ROLE suyuan_app NOLOGIN;
CREATE ROLE suyuan LOGIN IN ROLE suyuan_app;
CREATE ROLE suyuan_admin LOGIN IN ROLE suyuan_owner, suyuan_app;
CREATE DATABASE suyuan OWNER suyuan_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
REVOKE CONNECT ON DATABASE suyuan FROM PUBLIC;
GRANT CONNECT ON DATABASE suyuan TO suyuan, suyuan_admin;

"""The application may add, but rewrite only where a migration says so."""

import psycopg
import pytest
from django.db import connections

from suyuan.server.kit import roles, schema
from suyuan.server.kit.connection import OWNER_ALIAS, cursor, raw


def refused(statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), cursor() as application:
        application.execute(statement)


def test_a_new_table_is_append_only_until_a_grant(clean_database: str) -> None:
    with cursor(OWNER_ALIAS) as owner:
        owner.execute("CREATE TABLE kit_trial (i int)")
    try:
        with cursor() as application:
            application.execute("INSERT INTO kit_trial VALUES (1), (2)")
            assert application.execute("SELECT sum(i) FROM kit_trial").fetchone() == (3,)
        refused("UPDATE kit_trial SET i = 3")
        refused("DELETE FROM kit_trial")
        refused("TRUNCATE kit_trial")
        refused("DROP TABLE kit_trial")
        with cursor(OWNER_ALIAS) as owner:
            owner.execute(roles.grant_app("kit_trial", verbs="UPDATE"))
        with cursor() as application:
            application.execute("UPDATE kit_trial SET i = 3")
        refused("DELETE FROM kit_trial")
    finally:
        with cursor(OWNER_ALIAS) as owner:
            owner.execute("DROP TABLE kit_trial")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_api_key",
        "UPDATE accounts_access SET subject = ''",
        "DELETE FROM accounts_access",
        "TRUNCATE accounts_access",
        "DELETE FROM registry_company",
        "DELETE FROM registry_site",
        "DELETE FROM registry_vendor_code",
        "DELETE FROM registry_code_filing",
        "CREATE TABLE public.mine (i int)",
        "ALTER TABLE registry_company DROP COLUMN roles",
        "UPDATE django_migrations SET name = ''",
    ],
)
def test_the_application_cannot_rewrite_history(clean_database: str, statement: str) -> None:
    refused(statement)


def test_each_connection_acts_as_its_role(database: str) -> None:
    for alias, role in (("default", roles.APP), (OWNER_ALIAS, roles.OWNER)):
        assert raw(alias).execute("SELECT current_user").fetchone() == (role,)
    connections.close_all()


def test_the_library_of_jobs_may_do_what_it_needs(clean_database: str) -> None:
    with cursor() as application:
        application.execute("UPDATE procrastinate_jobs SET priority = 0")
        application.execute("DELETE FROM procrastinate_jobs")


def test_every_migration_is_applied_and_the_models_need_no_more(database: str) -> None:
    from django.core.management import call_command

    assert schema.pending() == []
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)

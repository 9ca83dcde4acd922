"""People and what they are for a company or authority; API keys; the log of who read restricted records."""

from enum import StrEnum
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from suyuan.server.kit.scope import Level, Scope


class Permission(StrEnum):
    """What a key may be used for, inside its scope."""

    READ = "read"
    SUBMIT = "submit"  # report records; only keys of companies
    FILE = "file"  # file coding rules and sites; only keys of companies
    ADMINISTER = "administer"  # register companies, load vendor codes, issue and revoke keys


OF_COMPANIES = frozenset({Permission.SUBMIT, Permission.FILE})


class Role(StrEnum):
    """What somebody is for the company or authority of a membership."""

    ADMIN = "admin"  # invites people, manages keys, approves exports, and does all that others there do
    OFFICIAL = "official"  # supervises: only for authorities
    DATA_OFFICER = "data_officer"  # reports and files: only for companies
    CLERK = "clerk"  # takes in and hands over batteries: for companies and their outlets
    VIEWER = "viewer"  # reads


OF_AUTHORITIES = frozenset({Role.OFFICIAL})
IN_COMPANIES = frozenset({Role.DATA_OFFICER, Role.CLERK})


class Person(AbstractBaseUser):
    """Somebody who signs in with an e-mail address or the number of a telephone; never deleted, only made inactive."""

    login = models.CharField(max_length=254, unique=True)
    name = models.TextField()
    language = models.CharField(max_length=7, default="zh_Hans")
    is_active = models.BooleanField(default=True)
    simulated = models.BooleanField(default=False)  # of a demonstration: signs in without a password there
    created_at = models.DateTimeField()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = BaseUserManager["Person"]()

    class Meta:
        db_table = "accounts_person"

    def __str__(self) -> str:
        return self.name


_BY_DIVISION = (Level.PROVINCE.value, Level.CITY.value)
_BY_COMPANY = (Level.COMPANY.value, Level.OUTLET.value)


class ApiKey(models.Model):
    """A key, without its secret: of that only the SHA-256 digest is kept.

    A key is never deleted, so that a submission can always name the key it came with.
    """

    prefix = models.CharField(max_length=10, unique=True)
    digest = models.BinaryField(max_length=32)
    label = models.TextField()
    permissions = ArrayField(models.TextField())
    level = models.TextField()
    division = models.CharField(max_length=6, null=True)
    company = models.IntegerField(null=True, db_index=True)  # the registry's migration adds the foreign keys
    site = models.IntegerField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the hour
    successor = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="predecessor")

    class Meta:
        db_table = "accounts_api_key"
        constraints = (
            models.CheckConstraint(condition=Q(level__in=[level.value for level in Level]), name="accounts_level"),
            models.CheckConstraint(
                condition=Q(level__in=_BY_DIVISION, division__isnull=False)
                | (~Q(level__in=_BY_DIVISION) & Q(division__isnull=True)),
                name="accounts_division",
            ),
            models.CheckConstraint(
                condition=Q(level__in=_BY_COMPANY, company__isnull=False)
                | (~Q(level__in=_BY_COMPANY) & Q(company__isnull=True)),
                name="accounts_company",
            ),
            models.CheckConstraint(
                condition=Q(level=Level.OUTLET.value, site__isnull=False)
                | (~Q(level=Level.OUTLET.value) & Q(site__isnull=True)),
                name="accounts_site",
            ),
            models.CheckConstraint(
                condition=Q(company__isnull=False) | ~Q(permissions__overlap=sorted(OF_COMPANIES)),
                name="accounts_officials_only_read",
            ),
        )

    def __str__(self) -> str:
        return self.prefix

    @property
    def scope(self) -> Scope:
        """What the key may see."""
        return Scope(Level(self.level), self.division, self.company, self.site)


class Access(models.Model):
    """One reading of a restricted record: who read what, and when. Added to, never changed.

    The reader is a key or a person.
    """

    at = models.DateTimeField(db_index=True)
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.PROTECT, db_constraint=True, related_name="+")
    person = models.BigIntegerField(null=True, db_index=True)
    company = models.IntegerField(null=True)
    act = models.TextField()
    subject = models.TextField(db_index=True)

    class Meta:
        db_table = "accounts_access"
        constraints = (
            models.CheckConstraint(
                condition=Q(key__isnull=False) | Q(person__isnull=False), name="accounts_access_reader"
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"

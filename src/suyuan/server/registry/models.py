"""Companies with their roles, sites, vendor codes and filed coding rules.

Small tables that every shard of a large installation would hold whole. Rows are added by the set,
with SQL (see `services`); a row that no longer holds is given an end, not deleted.
"""

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Substr


class SiteKind(StrEnum):
    """What a site is."""

    FACTORY = "factory"
    WAREHOUSE = "warehouse"
    OUTLET_COLLECTION = "outlet_collection"  # 收集型
    OUTLET_CENTRAL = "outlet_central"  # 集中贮存型
    SWAP_STATION = "swap_station"
    DISMANTLING_YARD = "dismantling_yard"
    WORKS = "works"  # where utilisers make, dismantle and treat


class VendorStatus(StrEnum):
    """How sure it is that a vendor code belongs to its company; no official list is public."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"  # by the company itself or third parties
    SIMULATED = "simulated"


def _valid(room_name: str) -> models.CheckConstraint:
    condition = Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from"))
    return models.CheckConstraint(condition=condition, name=f"registry_{room_name}_validity")


class Company(models.Model):
    """A company; `code` is its unified social credit code, or its DUNS number if it is foreign."""

    number = models.AutoField(primary_key=True)
    code = models.CharField(max_length=18, unique=True)
    name_zh = models.TextField()
    name_en = models.TextField(default="")
    roles = ArrayField(models.TextField())
    division = models.CharField(max_length=6, null=True, db_index=True)  # none for foreign companies
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        db_table = "registry_company"
        constraints = (
            _valid("company"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9A-Z]{18}$", division__isnull=False) | Q(code__regex=r"^[0-9]{9}$"),
                name="registry_company_code",
            ),
        )

    def __str__(self) -> str:
        return self.code


class Site(models.Model):
    """A place of a company: `code` is the company's own, or that of the outlet's filing."""

    number = models.AutoField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, db_column="company", related_name="sites")
    code = models.TextField()
    kind = models.TextField()
    name = models.TextField(default="")
    division = models.CharField(max_length=6, db_index=True)
    longitude = models.FloatField(null=True)  # degrees, WGS 84
    latitude = models.FloatField(null=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "registry_site"
        constraints = (
            _valid("site"),
            models.UniqueConstraint(fields=["company", "code"], name="registry_site_once"),
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in SiteKind]), name="registry_site_kind"),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True, latitude__isnull=True)
                | Q(longitude__range=(-180, 180), latitude__range=(-90, 90)),
                name="registry_site_place",
            ),
        )

    def __str__(self) -> str:
        return self.code


class VendorCode(models.Model):
    """The three characters that begin a battery code, and whom they were issued to."""

    code = models.CharField(max_length=3)
    company = models.ForeignKey(Company, null=True, on_delete=models.PROTECT, db_column="company", related_name="+")
    holder = models.TextField(default="")  # a name, where the company is not registered
    status = models.TextField()
    source = models.TextField(default="")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "registry_vendor_code"
        constraints = (
            _valid("vendor_code"),
            models.UniqueConstraint(fields=["code", "valid_from"], name="registry_vendor_code_once"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9A-Z]{3}$"), name="registry_vendor_code_form"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in VendorStatus]), name="registry_vendor_code_status"
            ),
        )

    def __str__(self) -> str:
        return self.code


class CodeFiling(models.Model):
    """A filed coding rule: what all batteries are whose code begins with `prefix`.

    The prefix has 14 characters, or 7 for products in the form of 19 characters, which have no
    traceability code. Measures are null where they were not filed.
    """

    prefix = models.CharField(max_length=14)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, db_column="company", related_name="+")
    model = models.TextField()
    level = models.CharField(max_length=1)
    chemistry = models.CharField(max_length=1)
    rated_capacity_ah = models.FloatField(null=True)
    nominal_voltage_v = models.FloatField(null=True)
    mass_kg = models.FloatField(null=True)
    length_mm = models.FloatField(null=True)
    width_mm = models.FloatField(null=True)
    height_mm = models.FloatField(null=True)
    modules = models.IntegerField(null=True)  # in one pack
    cells = models.IntegerField(null=True)  # in one pack or module, counted through
    details = models.JSONField(default=dict)  # the other fields of a filing: materials, makers, rates
    filed_on = models.DateField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        db_table = "registry_code_filing"
        constraints = (
            _valid("code_filing"),
            models.UniqueConstraint(fields=["prefix", "valid_from"], name="registry_code_filing_once"),
            models.CheckConstraint(
                condition=Q(prefix__regex=r"^[0-9A-Z]{3}[PMC][A-GZ][0-9A-Z]{2}([0-9A-Z]{7})?$"),
                name="registry_code_filing_form",
            ),
            models.CheckConstraint(  # the letters of a prefix say the same
                condition=Q(level=Substr("prefix", 4, 1), chemistry=Substr("prefix", 5, 1)),
                name="registry_code_filing_letters",
            ),
        )
        indexes = (models.Index(fields=["company"], name="registry_code_filing_company"),)

    def __str__(self) -> str:
        return self.prefix

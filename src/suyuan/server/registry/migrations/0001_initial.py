"""Companies, sites, vendor codes and filings."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from suyuan.server.kit.roles import grant_app


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Company",
            fields=[
                ("number", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=18, unique=True)),
                ("name_zh", models.TextField()),
                ("name_en", models.TextField(default="")),
                ("roles", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("division", models.CharField(db_index=True, max_length=6, null=True)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("simulated", models.BooleanField(default=False)),
            ],
            options={
                "db_table": "registry_company",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="registry_company_validity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code__regex", "^[0-9A-Z]{18}$"), ("division__isnull", False)),
                            ("code__regex", "^[0-9]{9}$"),
                            _connector="OR",
                        ),
                        name="registry_company_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeFiling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prefix", models.CharField(max_length=14)),
                ("model", models.TextField()),
                ("level", models.CharField(max_length=1)),
                ("chemistry", models.CharField(max_length=1)),
                ("rated_capacity_ah", models.FloatField(null=True)),
                ("nominal_voltage_v", models.FloatField(null=True)),
                ("mass_kg", models.FloatField(null=True)),
                ("length_mm", models.FloatField(null=True)),
                ("width_mm", models.FloatField(null=True)),
                ("height_mm", models.FloatField(null=True)),
                ("modules", models.IntegerField(null=True)),
                ("cells", models.IntegerField(null=True)),
                ("details", models.JSONField(default=dict)),
                ("filed_on", models.DateField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_column="company",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.Company",
                    ),
                ),
            ],
            options={
                "db_table": "registry_code_filing",
                "indexes": [models.Index(fields=["company"], name="registry_code_filing_company")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="registry_code_filing_validity",
                    ),
                    models.UniqueConstraint(fields=("prefix", "valid_from"), name="registry_code_filing_once"),
                    models.CheckConstraint(
                        condition=models.Q(("prefix__regex", "^[0-9A-Z]{3}[PMC][A-GZ][0-9A-Z]{2}([0-9A-Z]{7})?$")),
                        name="registry_code_filing_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("chemistry", django.db.models.functions.text.Substr("prefix", 5, 1)),
                            ("level", django.db.models.functions.text.Substr("prefix", 4, 1)),
                        ),
                        name="registry_code_filing_letters",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                ("number", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.TextField()),
                ("kind", models.TextField()),
                ("name", models.TextField(default="")),
                ("division", models.CharField(db_index=True, max_length=6)),
                ("longitude", models.FloatField(null=True)),
                ("latitude", models.FloatField(null=True)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_column="company",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sites",
                        to="registry.Company",
                    ),
                ),
            ],
            options={
                "db_table": "registry_site",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="registry_site_validity",
                    ),
                    models.UniqueConstraint(fields=("company", "code"), name="registry_site_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "factory",
                                    "warehouse",
                                    "outlet_collection",
                                    "outlet_central",
                                    "swap_station",
                                    "dismantling_yard",
                                    "works",
                                ],
                            )
                        ),
                        name="registry_site_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                            models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                            _connector="OR",
                        ),
                        name="registry_site_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VendorCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=3)),
                ("holder", models.TextField(default="")),
                ("status", models.TextField()),
                ("source", models.TextField(default="")),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_column="company",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.Company",
                    ),
                ),
            ],
            options={
                "db_table": "registry_vendor_code",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="registry_vendor_code_validity",
                    ),
                    models.UniqueConstraint(fields=("code", "valid_from"), name="registry_vendor_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[0-9A-Z]{3}$")), name="registry_vendor_code_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["confirmed", "reported", "simulated"])),
                        name="registry_vendor_code_status",
                    ),
                ],
            },
        ),
        # Entries are brought up to date or given an end, never deleted.
        migrations.RunSQL(
            grant_app(
                "registry_company", "registry_site", "registry_vendor_code", "registry_code_filing", verbs="UPDATE"
            ),
            migrations.RunSQL.noop,
        ),
        # Keys name their company and site by number; accounts stands below this room and cannot say so itself.
        migrations.RunSQL(
            """
            ALTER TABLE accounts_api_key
                ADD CONSTRAINT accounts_api_key_company FOREIGN KEY (company) REFERENCES registry_company (number),
                ADD CONSTRAINT accounts_api_key_site FOREIGN KEY (site) REFERENCES registry_site (number);
            """,
            """
            ALTER TABLE accounts_api_key
                DROP CONSTRAINT accounts_api_key_company, DROP CONSTRAINT accounts_api_key_site;
            """,
        ),
    ]

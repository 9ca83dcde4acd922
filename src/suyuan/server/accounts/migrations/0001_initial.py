"""API keys and the log of readings."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import suyuan.server.accounts.models
from suyuan.server.kit.roles import grant_app


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prefix", models.CharField(max_length=10, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("label", models.TextField()),
                ("permissions", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("level", models.TextField()),
                ("division", models.CharField(max_length=6, null=True)),
                ("company", models.IntegerField(db_index=True, null=True)),
                ("site", models.IntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "successor",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predecessor",
                        to="accounts.ApiKey",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_api_key",
            },
        ),
        migrations.CreateModel(
            name="Access",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True)),
                ("company", models.IntegerField(null=True)),
                ("act", models.TextField()),
                ("subject", models.TextField(db_index=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.ApiKey"
                    ),
                ),
            ],
            options={
                "db_table": "accounts_access",
            },
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", ["nation", "province", "city", "company", "outlet"])),
                name="accounts_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("division__isnull", False), ("level__in", ("province", "city"))),
                    models.Q(models.Q(("level__in", ("province", "city")), _negated=True), ("division__isnull", True)),
                    _connector="OR",
                ),
                name="accounts_division",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("company__isnull", False), ("level__in", ("company", "outlet"))),
                    models.Q(models.Q(("level__in", ("company", "outlet")), _negated=True), ("company__isnull", True)),
                    _connector="OR",
                ),
                name="accounts_company",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("level", "outlet"), ("site__isnull", False)),
                    models.Q(models.Q(("level", "outlet"), _negated=True), ("site__isnull", True)),
                    _connector="OR",
                ),
                name="accounts_site",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("company__isnull", False),
                    models.Q(
                        (
                            "permissions__overlap",
                            [
                                suyuan.server.accounts.models.Permission["FILE"],
                                suyuan.server.accounts.models.Permission["SUBMIT"],
                            ],
                        ),
                        _negated=True,
                    ),
                    _connector="OR",
                ),
                name="accounts_officials_only_read",
            ),
        ),
        # A key is revoked, never deleted; a reading that was noted stays as it is.
        migrations.RunSQL(grant_app("accounts_api_key", verbs="UPDATE"), migrations.RunSQL.noop),
    ]

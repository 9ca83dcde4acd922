"""Tables of the submissions room."""

import django.db.models.deletion
from django.db import migrations, models

from suyuan.server.kit.roles import grant_app


class Migration(migrations.Migration):
    """Received bytes, submissions, findings and remembered headings."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("company", models.IntegerField()),
                ("received_at", models.DateTimeField()),
                ("name", models.TextField(default="")),
                ("channel", models.CharField(max_length=10)),
                ("kind", models.TextField(null=True)),
                ("mode", models.CharField(default="good_rows", max_length=16)),
                ("dry", models.BooleanField(default=False)),
                ("repair", models.BooleanField(default=False)),
                ("mapping", models.JSONField(null=True)),
                ("idempotency_key", models.TextField(null=True)),
                ("key", models.IntegerField(null=True)),
                ("site", models.IntegerField(null=True)),
                ("wishes", models.CharField(default="", max_length=16)),
                ("state", models.CharField(default="received", max_length=16)),
                ("step", models.CharField(default="", max_length=16)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.BigIntegerField(null=True)),
                ("vocabulary", models.TextField(default="")),
                ("rows", models.IntegerField(default=0)),
                ("records", models.IntegerField(default=0)),
                ("admitted", models.IntegerField(default=0)),
                ("duplicates", models.IntegerField(default=0)),
                ("refused", models.IntegerField(default=0)),
                ("groups", models.JSONField(default=list)),
                ("failure", models.JSONField(null=True)),
            ],
            options={
                "db_table": "submissions_submission",
            },
        ),
        migrations.CreateModel(
            name="Received",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("body", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "submissions_received",
            },
        ),
        migrations.CreateModel(
            name="Findings",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        db_column="submission",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="submissions.submission",
                    ),
                ),
                ("table", models.BinaryField()),
            ],
            options={
                "db_table": "submissions_findings",
            },
        ),
        migrations.CreateModel(
            name="Mapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("company", models.IntegerField()),
                ("kind", models.TextField()),
                ("columns", models.JSONField()),
                ("used_at", models.DateTimeField()),
            ],
            options={
                "db_table": "submissions_mapping",
                "constraints": [models.UniqueConstraint(fields=("company", "kind"), name="submissions_mapping_once")],
            },
        ),
        migrations.AddField(
            model_name="submission",
            name="received",
            field=models.ForeignKey(
                db_column="digest", on_delete=django.db.models.deletion.PROTECT, to="submissions.received"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["company", "-number"], name="submissions_of_company"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("dry", False), models.Q(("state__in", ["refused", "failed", "undone"]), _negated=True)
                ),
                fields=("company", "received", "wishes"),
                name="submissions_same_bytes_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key__isnull", False)),
                fields=("company", "idempotency_key"),
                name="submissions_idempotency_key_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["received", "working", "accepted", "partly_accepted", "refused", "tried", "undone", "failed"],
                    )
                ),
                name="submissions_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["good_rows", "all_or_nothing"])), name="submissions_mode"
            ),
        ),
        # What was received may only be added to.
        migrations.RunSQL(
            grant_app("submissions_submission", "submissions_findings", "submissions_mapping", verbs="UPDATE")
        ),
    ]

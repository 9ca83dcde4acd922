"""Files that are tried out on a page before they are reported: who, from which trial, completing what, mended how."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns of submissions; all of them may be absent."""

    dependencies = [("submissions", "0001_initial")]

    operations = [
        *(
            migrations.AddField("submission", name, models.BigIntegerField(null=True))
            for name in ("person", "trial", "completes", "cancelled_by")
        ),
        *(
            migrations.AddField("submission", name, models.JSONField(null=True))
            for name in ("repairs", "changes", "layout")
        ),
        migrations.AddField("submission", "cancelled_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "submission",
            models.Index(
                fields=["completes"], name="submissions_completing", condition=models.Q(completes__isnull=False)
            ),
        ),
    ]

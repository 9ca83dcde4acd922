"""What detectors need beside their findings."""

from django.db import migrations


class Migration(migrations.Migration):
    """What detectors need beside their findings."""

    dependencies = [("supervision", "0002_findings")]
    operations = []

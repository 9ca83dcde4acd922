"""Deadline feeds and notifications."""

from django.db import migrations


class Migration(migrations.Migration):
    """Deadline feeds and notifications."""

    dependencies = [("supervision", "0003_detection")]
    operations = []

"""Codes given out and labels printed."""

from django.db import migrations


class Migration(migrations.Migration):
    """Codes given out and labels printed."""

    dependencies = [("registry", "0003_outlets")]
    operations = []

"""What the public reports."""

from django.db import migrations


class Migration(migrations.Migration):
    """What the public reports."""

    dependencies = [("supervision", "0004_feeds")]
    operations = []

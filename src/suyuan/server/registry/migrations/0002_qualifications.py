"""Lists, permits, programmes and penalties of companies."""

from django.db import migrations


class Migration(migrations.Migration):
    """Lists, permits, programmes and penalties of companies."""

    dependencies = [("registry", "0001_initial")]
    operations = []

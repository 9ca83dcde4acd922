"""People, their roles and invitations."""

from django.db import migrations


class Migration(migrations.Migration):
    """People, their roles and invitations."""

    dependencies = [("accounts", "0001_initial")]
    operations = []

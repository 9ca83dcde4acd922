"""Outlets and what was filed of them."""

from django.db import migrations


class Migration(migrations.Migration):
    """Outlets and what was filed of them."""

    dependencies = [("registry", "0002_qualifications")]
    operations = []

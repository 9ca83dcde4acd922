"""The ring that touches the world: Django, the database, the network and the clock."""

"""What was received, and what became of it."""

from enum import StrEnum

from django.db import models
from django.db.models import Q


class State(StrEnum):
    """Where a submission stands."""

    RECEIVED = "received"  # stored, not yet looked at
    WORKING = "working"
    ACCEPTED = "accepted"  # every record is in the ledger, or was there already
    PARTLY = "partly_accepted"  # some records were refused
    REFUSED = "refused"  # nothing entered the ledger
    TRIED = "tried"  # a dry run
    UNDONE = "undone"
    FAILED = "failed"  # our fault; sent again, it is taken up again


FINISHED = (State.ACCEPTED, State.PARTLY, State.REFUSED, State.TRIED, State.UNDONE, State.FAILED)
GIVEN_UP = [State.REFUSED.value, State.FAILED.value, State.UNDONE.value]
"""States in which a submission holds nothing: the same bytes sent again are looked at anew."""


class Mode(StrEnum):
    """What to do when some records are refused."""

    GOOD_ROWS = "good_rows"  # take the others now
    ALL_OR_NOTHING = "all_or_nothing"


class Received(models.Model):
    """Bytes as they came, under their SHA-256; the small ones here, the large ones in the file store."""

    digest = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    body = models.BinaryField(null=True)

    class Meta:
        db_table = "submissions_received"


class Submission(models.Model):
    """One submission; `groups` are its findings by cause, the findings themselves stand beside."""

    number = models.BigAutoField(primary_key=True)
    company = models.IntegerField()
    received_at = models.DateTimeField()
    received = models.ForeignKey(Received, on_delete=models.PROTECT, db_column="digest")
    name = models.TextField(default="")
    channel = models.CharField(max_length=10)
    kind = models.TextField(null=True)
    mode = models.CharField(max_length=16, default=Mode.GOOD_ROWS.value)
    dry = models.BooleanField(default=False)
    repair = models.BooleanField(default=False)
    mapping = models.JSONField(null=True)
    idempotency_key = models.TextField(null=True)
    key = models.IntegerField(null=True)  # the API key that sent it
    site = models.IntegerField(null=True)  # the outlet whose key sent it
    wishes = models.CharField(max_length=16, default="")  # see `services.receiving.Order.wishes`
    state = models.CharField(max_length=16, default=State.RECEIVED.value)
    step = models.CharField(max_length=16, default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.BigIntegerField(null=True)
    vocabulary = models.TextField(default="")
    rows = models.IntegerField(default=0)
    records = models.IntegerField(default=0)
    admitted = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    groups = models.JSONField(default=list)
    failure = models.JSONField(null=True)  # the code and data of what stopped it
    person = models.BigIntegerField(null=True)  # who sent it on a page
    trial = models.BigIntegerField(null=True)  # the dry run that it was decided on
    completes = models.BigIntegerField(null=True)  # the submission whose refused records it brings again
    repairs = models.JSONField(null=True)  # kinds of proposed repairs to do; null: every kind, if `repair`
    changes = models.JSONField(null=True)  # field → {text as received → text instead}
    layout = models.JSONField(null=True)  # how a trial was understood, see `services.mending.layout_of`
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "submissions_submission"
        constraints = (
            models.UniqueConstraint(
                fields=["company", "received", "wishes"],
                condition=Q(dry=False) & ~Q(state__in=[State.REFUSED.value, State.FAILED.value, State.UNDONE.value]),
                name="submissions_same_bytes_once",
            ),
            models.UniqueConstraint(
                fields=["company", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="submissions_idempotency_key_once",
            ),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in State]), name="submissions_state"),
            models.CheckConstraint(condition=Q(mode__in=[m.value for m in Mode]), name="submissions_mode"),
        )
        indexes = (
            models.Index(fields=["company", "-number"], name="submissions_of_company"),
            models.Index(fields=["completes"], name="submissions_completing", condition=Q(completes__isnull=False)),
        )


class Findings(models.Model):
    """Every finding of a submission as a compressed table: a million refusals are a few megabytes."""

    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, primary_key=True, db_column="submission")
    table = models.BinaryField()  # Parquet: row_number, field, code, severity, value, data, refused

    class Meta:
        db_table = "submissions_findings"


class Mapping(models.Model):
    """Which heading of a company's own sheets means which field, remembered for the next time."""

    company = models.IntegerField()
    kind = models.TextField()
    columns = models.JSONField()  # heading → field
    used_at = models.DateTimeField()

    class Meta:
        db_table = "submissions_mapping"
        constraints = (models.UniqueConstraint(fields=["company", "kind"], name="submissions_mapping_once"),)

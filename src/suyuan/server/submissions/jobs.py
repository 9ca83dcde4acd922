"""Background work of submissions: large files, taken up one by one, again after a crash."""

from procrastinate.contrib.django import app

from suyuan.server.kit.journal import about
from suyuan.server.submissions.services.receiving import QUEUE, TASK, work


@app.task(queue=QUEUE, name=TASK)
def work_on(number: int) -> None:
    """Work on one submission."""
    with about(submission=number):
        work(number)

"""Law as dated data: values, duties with deadlines, working days, and why. Nothing here reads a clock.

``rules.value("recovery.lithium", on=day)`` answers what holds on a day, or that nothing does.
"""

import suyuan.rules.law  # noqa: F401 - the folder of the law files counts as a module, too: loaded first, it leaves the name to the function
from suyuan.rules.admission import Admission, Pack
from suyuan.rules.calendar_files import calendar, parse_notice
from suyuan.rules.draft_files import parse_draft
from suyuan.rules.drafts import Draft, Trial, try_draft, with_draft
from suyuan.rules.duties import compute
from suyuan.rules.errors import LawRefused, RulesError
from suyuan.rules.explaining import Explanation, explain, explain_rule, explain_value, explanation_json
from suyuan.rules.law_files import law, value
from suyuan.rules.periods import Deadline, FirstDay, LastDay, Period, Unit, deadline, deadlines
from suyuan.rules.records import Duty, Form, InForce, Instrument, Law, NotInForce, Value
from suyuan.rules.standing import Gap, check_standing
from suyuan.rules.statuses import Status
from suyuan.rules.working_days import Calendar, Day, DayKind, Notice

__all__ = [
    "Admission",
    "Calendar",
    "Day",
    "DayKind",
    "Deadline",
    "Draft",
    "Duty",
    "Explanation",
    "FirstDay",
    "Form",
    "Gap",
    "InForce",
    "Instrument",
    "LastDay",
    "Law",
    "LawRefused",
    "NotInForce",
    "Notice",
    "Pack",
    "Period",
    "RulesError",
    "Status",
    "Trial",
    "Unit",
    "Value",
    "calendar",
    "check_standing",
    "compute",
    "deadline",
    "deadlines",
    "explain",
    "explain_rule",
    "explain_value",
    "explanation_json",
    "law",
    "parse_draft",
    "parse_notice",
    "try_draft",
    "value",
    "with_draft",
]

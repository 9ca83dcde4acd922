"""Which contradictions refuse a record: the pack of the regime of the day, from the law files."""

from datetime import date

import pytest

from suyuan.events.admission import CODES
from suyuan.events.policy import DEFAULT
from suyuan.kernel import Language, Severity, sentence
from suyuan.rules import LawRefused, NotInForce, Pack, Status, law
from suyuan.rules.admission import JUDGED
from suyuan.rules.law_files import read_law
from tests.rules.laws import FACTS

OLD, NEW = "announcement_2018_35", "order_73"


@pytest.mark.parametrize(
    ("day", "regime"),
    [(date(2018, 8, 1), OLD), (date(2026, 3, 31), OLD), (date(2026, 4, 1), NEW), (date(2026, 11, 22), NEW)],
)
def test_the_day_chooses_the_pack(day: date, regime: str) -> None:
    found = law().admission(day)
    assert isinstance(found, Pack)
    assert found.instrument == regime
    assert found.policy.general.keys() == set(JUDGED)
    assert found.policy == DEFAULT  # what is used without a server says the same as long as both regimes do


def test_before_the_first_regime_there_is_none() -> None:
    found = law().admission(date(2018, 7, 31))
    assert isinstance(found, NotInForce)
    assert found.begins == date(2018, 8, 1)


def test_a_pack_says_how_sure_it_is() -> None:
    """What the old platform checked was read; that the new one does the same is our deduction."""
    read = {OLD: 0, NEW: 0}
    for one in law().admissions:
        read[one.instrument] += one.status is Status.READ
    assert read[OLD] > 0
    assert read[NEW] == 0


HEAD = """
[instrument]
id = "made_up"
zh = "某"
en = "made up"
number = "1"
number_en = "1"
from = 2030-01-01
status = "inferred"
source = ["X"]

[[value]]
id = "traceability.regime"
zh = "规定"
en = "rules"
value = "made_up"
status = "inferred"
source = ["X"]
"""
TABLE = """
[[admission]]
contradiction = "{code}"
answer = "finding"
status = "inferred"
source = ["X"]
"""
WHOLE = HEAD + "".join(TABLE.format(code=code) for code in JUDGED)
DAY = date(2030, 1, 1)


def made(text: str) -> Pack:
    found = read_law({"facts.toml": FACTS, "made_up.toml": text}).admission(DAY)
    assert isinstance(found, Pack)
    return found


def test_what_stands_for_a_slot_goes_before_the_kind_and_that_before_all_kinds() -> None:
    text = WHOLE + TABLE.format(code="events.wrong_holder").replace('"finding"', '"refuse"').replace(
        "status", 'kinds = ["treated"]\nslot = "material"\nstatus', 1
    )
    policy = made(text).policy
    assert policy.severity("treated", "events.wrong_holder", "material") is Severity.REFUSE
    assert policy.severity("treated", "events.wrong_holder") is Severity.FINDING
    assert policy.severity("retired", "events.wrong_holder") is Severity.FINDING


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (WHOLE.replace(TABLE.format(code=JUDGED[3]), ""), "rules.admission_incomplete"),
        (WHOLE + TABLE.format(code=JUDGED[0]), "rules.twice"),
        (WHOLE.replace(JUDGED[0], "events.nonsense"), "rules.unknown_word"),
        (WHOLE.replace(JUDGED[0], CODES[-1]), "rules.unknown_word"),
        (WHOLE.replace('"finding"', '"perhaps"', 1), "rules.unknown_word"),
        (WHOLE.replace("answer", "anwser", 1), "rules.unknown_key"),
        (WHOLE + TABLE.format(code=JUDGED[0]).replace("status", 'kinds = ["eaten"]\nstatus', 1), "rules.unknown_kind"),
        (WHOLE + TABLE.format(code=JUDGED[0]).replace("status", 'slot = "old"\nstatus', 1), "rules.missing_key"),
    ],
)
def test_a_pack_that_cannot_be_is_refused_with_its_line(text: str, code: str) -> None:
    with pytest.raises(LawRefused) as refusal:
        made(text)
    assert refusal.value.code == code
    for language in Language:
        assert "made_up.toml" in sentence(code, refusal.value.data, language)

"""A small law for tests: one instrument, a value, a duty; each test changes a line of it."""

from suyuan.rules.law_files import facts_words, read_law
from suyuan.rules.records import Law

INSTRUMENT = """[instrument]
id = "act"
zh = "法"
en = "Act"
number = "一号"
number_en = "No. 1"
from = 2020-01-01
status = "read"
source = ["X1"]
"""
VALUE = """
[[value]]
id = "share.least"
zh = "比例"
en = "share"
unit = "1"
value = 0.5
bound = "at_least"
status = "read"
source = ["X1"]
"""
DUTY = """
[[duty]]
id = "report.receipt"
zh = "报送接收"
en = "report receipt"
article = "7"
status = "read"
source = ["X1"]
owed_by = ["utiliser"]
when = ["utiliser_received"]
period = 10
unit = "working_day"
"""
FACTS = """[facts]
annual_report_filed = ["年度报告已提交", "annual report filed"]
[columns]
utiliser_kind = ["类别", "kind"]
[checks]
outlet_in_prefecture = ["网点", "outlets"]
"""


def read(*files: str) -> Law:
    """The law of files `law/0.toml`, `law/1.toml`, …"""
    assert facts_words().facts
    return read_law({"law/facts.toml": FACTS, **{f"law/{n}.toml": text for n, text in enumerate(files)}})


def line_of(text: str, start: str) -> int:
    """The last line that starts like this, from 1."""
    return max(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))

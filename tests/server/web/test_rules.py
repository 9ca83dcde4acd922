"""What the law says on a day, and the fields of records, as anybody may read them."""

from datetime import date
from html import escape

import pytest
from django.test import Client

from suyuan.events.vocabulary import vocabulary
from suyuan.rules import law
from tests.server.cast import Cast


def page(address: str, status: int = 200, language: str = "en") -> str:
    answer = Client(headers={"accept": "text/html", "accept-language": language}).get(address)
    assert answer.status_code == status
    assert "suyuan_session" not in answer.cookies
    return answer.content.decode()


def test_everything_in_force_on_a_day_is_told_with_its_status(cast: Cast) -> None:
    text = page("/rules?on=2026-11-22")
    values, duties = law().in_force(date(2026, 11, 22))
    assert f"Duties ({len(duties)})" in text
    assert f"Values ({len(values)})" in text
    assert all(f'id="{name}"' in text for name in [one.id for one in values] + [one.id for one in duties])
    assert text.count('class="status status-') == len(values) + len(duties)
    assert "Joint Order No. 73, Art. 24" in text


def test_another_day_another_law(cast: Cast) -> None:
    assert 'id="outlet.collection.stock"' in page("/rules?on=2026-03-31")
    assert 'id="outlet.collection.stock"' not in page("/rules?on=2026-04-01")
    assert "Nothing fits" in page("/rules?on=1900-01-01")


def test_words_are_looked_for_in_both_languages(cast: Cast) -> None:
    for words in ("recovery.lithium", "LITHIUM", "锂"):
        text = page(f"/rules?on=2026-11-22&q={words}", language="zh-CN")
        assert 'id="recovery.lithium"' in text
        assert 'id="vehicle.sale"' not in text
    assert "&lt;b&gt;" in page("/rules?q=<b>")


@pytest.mark.parametrize("query", ["?on=never", "?on=%00", "?q=%00"])
def test_a_strange_question_is_that_of_today(cast: Cast, query: str) -> None:
    assert "Duties (" in page(f"/rules{query}")


def test_the_fields_of_a_kind_are_those_of_the_vocabulary(cast: Cast) -> None:
    assert 'value="vehicle_sold"' in page("/rules/fields")
    for name in ("vehicle_sold", "pack_produced"):
        text = page(f"/rules/fields?kind={name}")
        for field in vocabulary().kinds[name].fields.values():
            assert f">{field.name}</span>" in text
            assert escape(field.label.en) in text
    page("/rules/fields?kind=nothing", 404)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_kind_can_be_told(cast: Cast, language: str) -> None:
    for name in vocabulary().kinds:
        assert "web_rules." not in page(f"/rules/fields?kind={name}", language=language)

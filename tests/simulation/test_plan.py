from datetime import date

import pytest

from suyuan.kernel import Language, sentence
from suyuan.simulation import ErrorRates, Plan, PlanError


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"vehicles": 0}, "simulation.out_of_range"),
        ({"years": 0}, "simulation.out_of_range"),
        ({"start": date(2012, 1, 1)}, "simulation.out_of_range"),
        ({"provinces": ()}, "simulation.unknown_province"),
        ({"provinces": ("330000", "339999")}, "simulation.unknown_province"),
    ],
)
def test_a_plan_that_cannot_be_simulated_is_refused_in_both_languages(change: dict[str, object], code: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan(**change)  # type: ignore[arg-type] # wrong on purpose
    assert caught.value.code == code
    for language in Language:
        assert sentence(code, caught.value.data, language) != code


def test_rates_go_from_0_to_1_and_do_not_add_up_to_more() -> None:
    with pytest.raises(PlanError, match=r"simulation\.rate'"):
        ErrorRates(late=1.1)
    with pytest.raises(PlanError, match="rates_sum"):
        ErrorRates(late=0.6, missing=0.6)
    assert dict(ErrorRates.none().items()).keys() == dict(ErrorRates().items()).keys()
    assert not any(dict(ErrorRates.none().items()).values())


def test_the_window_has_whole_years() -> None:
    assert Plan.province_year().end == date(2025, 12, 31)
    assert len(Plan.nation().provinces) == 31

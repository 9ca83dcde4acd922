"""Sentences and the JSON of an explanation."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given

import suyuan
from suyuan.codes import explain, explanation_json
from suyuan.codes.alphabets import CHEMISTRIES, FORMS, LEVELS
from suyuan.codes.verdicts import SEVERITIES
from suyuan.kernel import Language, sentence
from tests.codes.strategies import REFERENCE, texts

ROOT = Path(suyuan.__file__).parent


def catalogue(language: Language) -> Catalog:
    with (ROOT / "locale" / language.value / "LC_MESSAGES" / "codes.po").open("rb") as stream:
        return read_po(stream)


def message_ids() -> Iterator[str]:
    yield from SEVERITIES
    yield from ("codes.hours_form", "codes.means_nothing", "codes.means_vendor_named", "codes.vendor_list")
    fields = {field.name for form in FORMS.values() for field in form}
    yield from (f"codes.field_{name}" for name in fields)
    yield from (f"codes.means_{name}" for name in fields - {"level", "chemistry", "suffix"})
    yield from (f"codes.means_{field}_{name}" for field in ("level", "suffix") for name in LEVELS.values())
    yield from (f"codes.means_chemistry_{name}" for name in CHEMISTRIES.values())


def test_every_message_stands_in_both_languages_with_the_same_places_and_no_other_does() -> None:
    texts_of = {
        language: {str(message.id): str(message.string) for message in catalogue(language) if message.id}
        for language in Language
    }
    assert set(texts_of[Language.ZH]) == set(texts_of[Language.EN]) == set(message_ids())
    for code, chinese in texts_of[Language.ZH].items():
        english = texts_of[Language.EN][code]
        places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (chinese, english)]
        assert places[0] == places[1], code
        assert chinese
        assert re.search("[\u4e00-\u9fff]", chinese), code


def test_every_code_named_in_the_source_is_a_message() -> None:
    known = set(message_ids())
    for path in sorted((ROOT / "codes").glob("*.py")):
        for code in re.findall(r"\"(codes\.[a-z_0-9]+)\"", path.read_text(encoding="utf-8")):
            assert code in known, (path.name, code)


@given(texts)
def test_every_explanation_can_be_said(text: str) -> None:
    explanation = explain(text, REFERENCE)
    for language in Language:
        answer = explanation_json(explanation, language)
        assert answer["raw"] == text
        assert answer["valid"] == explanation.valid
        for finding in answer["findings"]:
            assert finding["message"] not in ("", finding["code"])
            assert "{" not in finding["message"].replace(text, "")
        assert (answer["form"] is None) <= (answer["produced_on"] is None)


def test_the_form_that_scripts_rely_on() -> None:
    answer = explanation_json(explain("03UPE01000011C85A00FTY20", REFERENCE), Language.EN)
    (finding,) = answer["findings"]
    fixed = ("valid", "form", "level", "chemistry", "vendor", "produced_on", "serial")
    assert {key: dict(answer)[key] for key in fixed} == {
        "valid": True, "form": "24", "level": "P", "chemistry": "E",
        "vendor": "03U", "produced_on": "2018-05-10", "serial": "00FTY20",
    }  # fmt: skip
    assert (finding["code"], finding["position"]) == ("codes.serial_letters", 20)
    assert [position["message"] for position in answer["positions"]][1:3] == ["Pack", "Ternary (NCM or NCA)"]
    assert [(position["first"], position["last"]) for position in answer["positions"]] == [
        (1, 3), (4, 4), (5, 5), (6, 7), (8, 14), (15, 15), (16, 16), (17, 17), (18, 24),
    ]  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
def test_sentences_name_the_place(language: Language) -> None:
    (finding, *_) = explain("04QCB76836300JBD40000903", REFERENCE).findings
    assert "16" in sentence(finding.code, finding.data, language)

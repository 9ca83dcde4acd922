"""Texts to test the codes with: good ones, and good ones with one thing wrong."""

from datetime import date

from hypothesis import strategies as st

from suyuan.codes import compose
from suyuan.codes.alphabets import ALPHANUMERIC, CHEMISTRIES

REFERENCE = date(2026, 11, 22)

plain = st.text(ALPHANUMERIC, min_size=1, max_size=1)


def letters(count: int) -> st.SearchStrategy[str]:
    return st.text(ALPHANUMERIC, min_size=count, max_size=count)


designs = st.builds(
    "{}{}{}{}{}".format,
    letters(3),
    st.sampled_from("PMC"),
    st.sampled_from("".join(CHEMISTRIES)),
    letters(2),
    st.one_of(st.just(""), letters(7)),
)
serials = st.one_of(st.integers(0, 9_999_999).map("{:07d}".format), letters(7))
days = st.dates(date(2011, 1, 1), REFERENCE)


@st.composite
def battery_codes(draw: st.DrawFn) -> str:
    design = draw(designs)
    suffix = draw(st.sampled_from(["RP", "RM", "RC"]))
    if len(design) == 14 and draw(st.booleans()):
        suffix = ""
    return compose(design, draw(days), draw(serials), suffix or None)


ODD = "OIQUZ08 \n-.\u3000\u200b\ufeffａＣ７é中acz,\x00E+"


@st.composite
def mutated(draw: st.DrawFn, good: st.SearchStrategy[str]) -> str:
    """A good code in which up to three characters are replaced, put in or taken out."""
    text = draw(good)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        what = draw(st.one_of(st.sampled_from(ODD), plain, st.just("")))
        text = text[:at] + what + text[at + draw(st.integers(0, 1)) :]
    return text


nonsense = st.one_of(
    st.sampled_from(["", "  ", "1.23e+23", "123456789012345702580224", "1.0E5", "12345678901234567.0", "\u200b"]),
    st.text(max_size=30),
    st.text(ALPHANUMERIC, max_size=30),
)
texts = st.one_of(battery_codes(), mutated(battery_codes()), nonsense)

"""What a form of these pages says, read once for all: codes, days, masses, photos; and a refusal in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import uuid4

from django.http import HttpRequest, JsonResponse

from suyuan.events.checks.wording import finding_data, finding_sentence
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.labels.photos import codes_in
from suyuan.server.handover.queries.notes import Outcome
from suyuan.server.handover.queries.standing import plain_code
from suyuan.server.handover.services.pictures import LARGEST_BYTES, Photo, photo_of
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import Refusal, TooLarge, status_of

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it came."""

    codes: tuple[str, ...]
    words: Mapping[str, str]

    @property
    def key(self) -> str:
        """The key that the page gave it."""
        return self.words.get("key", "")

    def day(self, name: str = "day") -> date:
        """A day; today where none is said.

        Raises
        ------
        Refusal
            ``web_scan.not_a_day``.
        """
        text = self.words.get(name, "")
        try:
            return date.fromisoformat(text) if text else SYSTEM_CLOCK.today()
        except ValueError:
            raise Refusal("web_scan.not_a_day", value=text[:40]) from None

    def mass_kg(self) -> float | None:
        """A mass in kg; None where none is said.

        Raises
        ------
        Refusal
            ``web_scan.not_a_mass``.
        """
        text = self.words.get("mass_kg", "")
        if not text:
            return None
        try:
            mass = float(text)
        except ValueError:
            raise Refusal("web_scan.not_a_mass", value=text[:40]) from None
        if not 0 < mass < float("inf"):
            raise Refusal("web_scan.not_a_mass", value=text[:40])
        return mass


def new_key() -> str:
    """The key of a form that is sent without a script."""
    return str(uuid4())


def read_form(request: HttpRequest, most: int) -> Form:
    """What was sent: the listed codes in their order, and all other fields without blanks around them."""
    words = {name: request.POST.get(name, "").strip()[:_LONGEST] for name in request.POST if name != "code"}
    return Form(tuple(filter(None, map(plain_code, request.POST.getlist("code")[: most + 1]))), words)


def added(request: HttpRequest, form: Form) -> tuple[list[str], str | None]:
    """The codes with what was typed or read on a photo, without what was taken off; and what is there twice."""
    wanted = [plain_code(form.words.get("typed", ""))]
    for photo in request.FILES.getlist("reading"):
        wanted += [plain_code(text) for text in codes_in(_content(photo))]
    off = form.words.get("off")
    listed = [code for code in form.codes if code != off]
    twice = None
    for code in filter(None, wanted):
        if code in listed:
            twice = code
        else:
            listed.append(code)
    return listed, twice


def photos(request: HttpRequest) -> tuple[Photo, ...]:
    """The photos that were sent along."""
    return tuple(photo_of(_content(file)) for file in request.FILES.getlist("photo"))


def _content(file: Any) -> bytes:
    """The bytes of an uploaded file; what is too large is refused before it is read."""
    if file.size > LARGEST_BYTES:
        raise TooLarge("handovers.photo_too_large", most=LARGEST_BYTES >> 20)
    return bytes(file.read())


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, which has kept the form and wants to know what became of it."""
    return request.headers.get("Accept", "").startswith("application/json")


def refusal(error: SuyuanError, language: Language) -> JsonResponse:
    """An error for the script."""
    words = sentence(error.code, error.data, language)
    return JsonResponse({"ok": False, "words": words}, status=status_of(error))


def sayings(outcome: Outcome, language: Language) -> list[str]:
    """Why records of a report were refused, in words."""
    kind = vocabulary().kinds[outcome.kind]
    today, said = SYSTEM_CLOCK.today(), []
    for cause in outcome.causes:
        field, code = cause.get("field"), cause["code"]
        example = (cause.get("examples") or [{}])[0]
        data, value = dict(cause.get("data") or example.get("data") or {}), example.get("value")
        said.append(
            finding_sentence(kind, field, code, value, finding_data(kind, field, code, value, data, today), language)
        )
    return said

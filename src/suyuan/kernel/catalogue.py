"""The message catalogue: a code and its data become one sentence, in Chinese or English.

Message ids are the codes themselves (``codes.length``), so that the command line, the API and
the screens share every text. The part before the first dot names the gettext domain, one file a
room: ``locale/<language>/LC_MESSAGES/<room>.po``. Placeholders are those of `str.format`.
"""

import gettext
import os
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

from suyuan.kernel.findings import Value


class Language(StrEnum):
    """A language that every message exists in."""

    ZH = "zh_Hans"
    EN = "en"

    @classmethod
    def from_tag(cls, tag: str | None) -> "Language":
        """The language for a locale name or HTTP tag; English unless it asks for Chinese.

        >>> Language.from_tag("zh-CN,zh;q=0.9"), Language.from_tag("en_GB.UTF-8")
        (<Language.ZH: 'zh_Hans'>, <Language.EN: 'en'>)
        """
        return cls.ZH if (tag or "").strip().lower().startswith("zh") else cls.EN

    @classmethod
    def from_environment(cls) -> "Language":
        """The language of the process's locale, by the usual order of variables."""
        for name in ("SUYUAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
            if os.environ.get(name):
                return cls.from_tag(os.environ[name])
        return cls.EN


@cache
def _messages(domain: str, language: Language) -> gettext.NullTranslations:
    path = files("suyuan") / "locale" / language.value / "LC_MESSAGES" / f"{domain}.mo"
    if not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as stream:
        return gettext.GNUTranslations(stream)


def sentence(code: str, data: Mapping[str, Value] | None = None, language: Language = Language.EN) -> str:
    """The sentence for `code`; the bare code where the catalogue has none (a test forbids that).

    Lists are joined with the comma of the language.
    """
    template = _messages(code.partition(".")[0], language).gettext(code)
    joint = "、" if language is Language.ZH else ", "
    plain = {key: joint.join(value) if isinstance(value, list) else value for key, value in (data or {}).items()}
    return template.format_map(plain) if plain or "{" in template else template

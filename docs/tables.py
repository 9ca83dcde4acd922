"""Pages written from the program's own tables: the vocabulary, the messages, the command line, the law."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
from babel.messages.pofile import read_po

import suyuan
from suyuan.events.vocabulary import Field, Kind, Slot, Vocabulary, vocabulary
from suyuan.kernel import Language
from suyuan.rules import Admission, Duty, Law, Value, explain_rule, explanation_json, law
from suyuan.rules.explaining import value_text

LOCALE = Path(suyuan.__file__).parent / "locale"


def write(folder: Path) -> None:
    """Write every page whose content has changed into `folder`."""
    folder.mkdir(exist_ok=True)
    pages = {
        "vocabulary": vocabulary_page(vocabulary()),
        "messages": messages_page(),
        "commands": commands_page(),
        "law": law_page(law()),
    }
    for name, text in pages.items():
        target = folder / f"{name}.md"
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    first = [cell or " " for cell in head]
    lines = [first, ["---"] * len(first), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# ---------------------------------------------------------------- vocabulary


def vocabulary_page(words: Vocabulary) -> str:
    """Every kind of event: who reports it, what it needs, what it changes, its fields."""
    stages = ((f"`{name}`", str(no), *_pair(words.stage_labels[name])) for name, no in words.stages.items())
    roles = ((f"`{name}`", *_pair(label)) for name, label in words.roles.items())
    kinds = ((f"[`{kind.name}`](#{_anchor(kind)})", str(kind.no), *_pair(kind.label)) for kind in words.kinds.values())
    return "\n".join(
        [
            "# Vocabulary\n",
            f"Version {words.version}, written from `src/suyuan/events/vocabulary.toml`.\n",
            "## Kinds of event\n",
            table(("Kind", "No.", "中文", "English"), kinds),
            "## Stages of an object\n",
            table(("Stage", "No.", "中文", "English"), stages),
            "## Roles of a company\n",
            table(("Role", "中文", "English"), roles),
            *(_kind(kind) for kind in words.kinds.values()),
        ]
    )


def _pair(label: object) -> tuple[str, str]:
    return (getattr(label, "zh", ""), getattr(label, "en", ""))


def _anchor(kind: Kind) -> str:
    return f"kind-{kind.name.replace('_', '-')}"


def _kind(kind: Kind) -> str:
    """One kind's section."""
    lines = [f"({_anchor(kind)})=\n## {kind.label.en} {kind.label.zh}\n"]
    lines.append(
        f"`{kind.name}`, number {kind.no}. Reported by {_names(kind.reporters)}. It happened at `{kind.time}`;"
    )
    lines.append(f"rows that agree in {_names(kind.record)} are one record.\n")
    if kind.slots:
        lines.append(table(("Object", "Field", "Needs before", "Then"), (_slot(slot) for slot in kind.slots)))
    lines.append(table(("Field", "中文", "English", "Type", "Wire name of 2018"), map(_field, kind.fields.values())))
    return "\n".join(lines)


def _slot(slot: Slot) -> Iterator[str]:
    yield f"{slot.name} ({slot.object}{' ' + slot.levels if slot.levels else ''}{', many' if slot.many else ''})"
    yield f"`{slot.field}`"
    conditions = [f"stage {_names(sorted(slot.before))}"]
    conditions += [f"held by {slot.holder}"] if slot.holder != "any" else []
    conditions += [f"bound to {slot.vehicle} vehicle"] if slot.vehicle != "any" else []
    yield "; ".join(conditions)
    names = ("stage", "holder", "consignee", "site", "vehicle")
    changes = [f"{name} `{value}`" for name in names if (value := getattr(slot.sets, name))]
    yield ", ".join(changes) or "nothing changes"


def _field(field: Field) -> Iterator[str]:
    personal = ", personal: kept apart" if field.personal else ""
    yield f"`{field.name}`{' **required**' if field.required else ''}{personal}"
    yield from _pair(field.label)
    kind = [field.type.value, *([f"[{field.unit}]"] if field.unit else []), *([field.levels] if field.levels else [])]
    kind += [f"{field.minimum:g}–{field.maximum:g}"] if None not in (field.minimum, field.maximum) else []
    yield " ".join(kind) + (f": {_names(field.choices)}" if field.choices else "")
    yield f"`{field.wire}`" if field.wire else ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# ---------------------------------------------------------------- messages


def messages_page() -> str:
    """Every code the program can answer with, by room, with its sentence in both languages."""
    parts = ["# Codes and messages\n", "Written from the message catalogue. A code never changes its meaning.\n"]
    for source in sorted((LOCALE / "en" / "LC_MESSAGES").glob("*.po")):
        english, chinese = _texts(source), _texts(LOCALE / "zh_Hans" / "LC_MESSAGES" / source.name)
        rows = ((f"`{code}`", _plain(text), _plain(chinese.get(code, ""))) for code, text in sorted(english.items()))
        parts += [f"## {source.stem}\n", table(("Code", "English", "中文"), rows)]
    return "\n".join(parts)


def _texts(path: Path) -> dict[str, str]:
    with path.open("rb") as stream:
        return {str(message.id): str(message.string) for message in read_po(stream) if message.id}


def _plain(text: str) -> str:
    """A text as text: what Markdown would read as markup is escaped."""
    return "".join(f"\\{sign}" if sign in "*_`[]<>$\\" else sign for sign in text)


# ---------------------------------------------------------------- law


def law_page(law: Law) -> str:
    """Every instrument with its values and duties: what they say, on which days, how sure that is."""
    parts = ["# Law\n", "Written from the files in `src/suyuan/rules/law/`. Sources: [](../regulation.md).\n"]
    for one in law.instruments.values():
        values = [value for several in law.values.values() for value in several if value.instrument == one.id]
        duties = [duty for duty in law.every_duty() if duty.instrument == one.id]
        parts.append(f"## {one.title.en}\n\n{one.title.zh}, {one.number.zh}; {one.number.en}; `{one.id}`.\n")
        if values:
            parts.append(table(("Value", "Title", "Says", "Days", "How sure"), map(_law_value, values)))
        if duties:
            parts.append(table(("Duty", "Title", "Says", "Days", "How sure"), (_law_duty(law, one) for one in duties)))
        packed = [admission for admission in law.admissions if admission.instrument == one.id]
        if packed:
            parts.append(table(("Contradiction", "Kinds", "Slot", "Answer", "How sure"), map(_law_admission, packed)))
    return "\n".join(parts)


def _law_admission(one: Admission) -> Iterator[str]:
    yield f"`{one.contradiction}`"
    yield ", ".join(f"`{kind}`" for kind in one.kinds) or "all"
    yield one.slot or ""
    yield one.answer.value
    yield one.status.value


def _law_value(one: Value) -> Iterator[str]:
    yield f"`{one.id}`"
    yield f"{one.title.en} {one.title.zh}"
    yield value_text(one, Language.EN)
    yield from _days_and_sources(one)


def _law_duty(law: Law, one: Duty) -> Iterator[str]:
    yield f"`{one.id}`"
    yield f"{one.title.en} {one.title.zh}"
    about = {"rules.step_rule", "rules.step_source", "rules.step_source_whole", "rules.step_status", "rules.step_doubt"}
    steps = explanation_json(explain_rule(law, one), Language.EN)["steps"]
    yield _plain(" ".join(step["message"] for step in steps if step["code"] not in about))
    yield from _days_and_sources(one)


def _days_and_sources(one: Duty | Value) -> Iterator[str]:
    yield f"{one.validity.start} – {one.validity.end or ''}"
    doubts = "".join(f"; {part}: {status}" for part, status in one.doubts.items())
    article = f"Art. {one.article}, " if one.article else ""
    yield f"{article}{one.status}{doubts} [{', '.join(one.sources)}]"


# ---------------------------------------------------------------- command line


def commands_page() -> str:
    """What every command prints for `--help`."""
    parts = ["# Command line\n", "What `suyuan COMMAND --help` prints.\n"]
    if find_spec("suyuan.cli"):
        group: click.Group = import_module("suyuan.cli").main
        parts += _commands(group, click.Context(group, info_name="suyuan", terminal_width=100))
    return "\n".join(parts)


def _commands(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands(child, click.Context(child, info_name=name, parent=context, terminal_width=100))

"""One object laid out for people: what is true of it, its life in order, its tree."""

from collections.abc import Iterator
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from suyuan.cli.counter import Json
from suyuan.cli.moments import shown_moment
from suyuan.cli.receipts import field_label
from suyuan.cli.speech import comma, count, language, say
from suyuan.cli.tables import facts, grid, mark
from suyuan.events.vocabulary import vocabulary


def state_view(answer: Json, at: date | None = None) -> RenderableType:
    """Stage, holder, place and container of an object."""
    title = Text.assemble((answer["code"], "bold"), "  ", object_word(answer["kind"]))
    if at is not None:
        title.append(f"  {say('cli.as_of', day=at.isoformat())}", style="dim")
    rows: list[tuple[str, str | Text]] = [(say("cli.head_state"), answer["state_label"])]
    rows += [(say("cli.head_holder"), _company(answer, "holder"))] if answer["holder"] else []
    if answer["in_transit"]:
        rows.append((say("cli.head_consignee"), _company(answer, "consignee")))
    rows += (
        [(say("cli.head_site"), f"{answer['site']['name']} {answer['site']['code']}".strip())] if answer["site"] else []
    )
    rows += [(say("cli.head_vehicle"), answer["vehicle"])] if answer["vehicle"] else []
    rows += [(say("cli.head_inside"), " › ".join(answer["inside"]))] if answer["inside"] else []
    for name, head in (("derived_from", "cli.head_derived_from"), ("derived_into", "cli.head_derived_into")):
        if answer.get(name):
            rows.append((say(head), comma().join(answer[name])))
    return Group(title, facts(rows))


def object_word(kind: str) -> str:
    """What an object is, in the language of this run."""
    return say(f"cli.object_{kind}")


def _company(answer: Json, role: str) -> str:
    return f"{answer[f'{role}_name'] or ''} {answer[role] or ''}".strip()


def life_view(answer: Json) -> RenderableType:
    """The state, then every record in the order in which it happened."""
    events: list[Json] = answer["events"]
    table = grid(
        say("cli.head_occurred_at"),
        say("cli.head_event"),
        say("cli.head_reporter"),
        say("cli.head_details"),
        say("cli.head_received_at"),
        keep=(0, 4),
    )
    for event in events:
        style = "" if event["status"] == "valid" else "dim strike"
        table.add_row(
            shown_moment(event["occurred_at"]),
            Text(event["label"], style=style),
            event["reporter_name"] or event["reporter"],
            _details(event),
            Text(shown_moment(event["received_at"]), style="dim"),
        )
    counted = Text(say("cli.events_counted", events=count(len(events))), style="dim")
    return Group(state_view(answer), "", table, counted)


def _details(event: Json) -> Text:
    """What is worth reading of a record: counterpart, place, vehicle, fields, doubts."""
    lines = list(_lines(event))
    text = Text("\n".join(lines))
    if event["status"] != "valid":
        text.append(("\n" if lines else "") + say(f"cli.status_{event['status']}"), style="yellow")
    for found in event["findings"]:
        text.append("\n" if text.plain else "")
        text.append_text(mark("finding"))
        text.append(f" {found['message']}", style="yellow")
    return text


def _lines(event: Json) -> Iterator[str]:
    if event["party"]:
        yield f"→{event['party_name'] or event['party']}"
    if event["site"]:
        yield event["site"]["name"] or event["site"]["code"]
    if event["vehicle"]:
        yield f"{say('cli.head_vehicle')} {event['vehicle']}"
    if event["through"] and event["through"] != event["vehicle"]:
        yield say("cli.through", code=event["through"])
    body = event["body"]
    if isinstance(body, dict):
        shown = [_field(event["kind"], name, value) for name, value in body.items() if _worth(event, name)]
        if shown:
            yield " · ".join(shown)


def _field(kind: str, name: str, value: str) -> str:
    """A field with its value, both in the language of this run."""
    known = vocabulary().kinds[kind].fields.get(name)
    label = known.choices.get(value) if known else None
    return f"{field_label(kind, name)} {label.in_language(language()) if label else value}"


def _worth(event: Json, name: str) -> bool:
    """Whether a field says something that does not stand beside it already: no counterpart twice, no vehicle twice."""
    value = event["body"][name]
    said = value in (event["party"], event["vehicle"]) or (bool(event["party"]) and name.endswith("_name"))
    return isinstance(value, str | int | float) and not said


def tree_view(answer: Json) -> RenderableType:
    """The tree below an object, and the line of what is above it."""
    parts: list[RenderableType] = []
    if answer.get("ancestors"):
        above = [f"{object_word(node['kind'])} {node['code']}" for node in answer["ancestors"]]
        parts.append(Text(f"{say('cli.head_inside')}: {' › '.join(above)}", style="dim"))
    root = Tree(_node(answer), guide_style="dim")
    _grow(root, answer)
    return Group(*parts, root)


def _node(node: Json) -> Text:
    text = Text.assemble((node["code"], "bold" if node["children"] else ""), "  ", (object_word(node["kind"]), "dim"))
    if node["cells"]:
        text.append(f"  {say('cli.cells_counted', cells=count(node['cells']))}", style="dim")
    return text


def _grow(branch: Tree, node: Json) -> None:
    for child in node["children"]:
        _grow(branch.add(_node(child)), child)

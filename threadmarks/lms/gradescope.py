"""Gradescope's "Export Submissions": a folder for each submission, and `submission_metadata.yml`, which says whose they are.

Its keys are Ruby's symbols (`:submitters:`). A group's submission names several. Times are Gradescope's own, with a time zone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from threadmarks.errors import SubmissionError, UsageError
from threadmarks.lms.delivery import Delivery, Entry
from threadmarks.lms.layout import Item, Kind, Owner, Reading, not_placed

METADATA = "submission_metadata.yml"
MOST_METADATA_BYTES = 256 << 20
"""It holds the results of every submission, too."""


class Gradescope:
    """The export of one assignment."""

    name = "gradescope"
    title = "Gradescope"

    def fits(self, path: str) -> bool:
        """The folders' names say little; `registry` looks for the metadata instead."""
        return path.rpartition("/")[2] == METADATA and path.count("/") <= 1

    def read(self, delivery: Delivery, entries: tuple[Entry, ...]) -> Reading:
        """Owners by the metadata. Raises UsageError when it cannot be used."""
        found = [entry for entry in entries if self.fits(entry.path)]
        if len(found) != 1:
            raise UsageError(f"A Gradescope export has one {METADATA}, and {delivery.name} has {len(found) or 'none'}.")
        root = found[0].path.removesuffix(METADATA)
        known = _owners(found[0])
        items, remarks = [], []
        for entry in entries:
            folder, _, file = entry.path.removeprefix(root).partition("/")
            if entry is found[0]:
                continue
            if entry.path.startswith(root) and file and folder in known:
                owner, created = known[folder]
                items.append(Item(entry=entry, owner=owner, file=file, submitted=created))
            else:
                remarks.append(not_placed(entry, self.title))
        owner = Owner(key="", name="", ids=())
        items.append(Item(entry=found[0], owner=owner, file=METADATA, kind=Kind.METADATA))
        return Reading(
            layout=self.name,
            items=tuple(items),
            remarks=tuple(remarks),
            owners=tuple(owner for owner, _ in known.values()),
        )


def _owners(entry: Entry) -> dict[str, tuple[Owner, datetime | None]]:
    """The owner of each folder, and when it was handed in."""
    document = _parsed(entry)
    owners = {}
    for folder, told in document.items():
        submitters = _of(told, "submitters")
        if not isinstance(submitters, list) or not submitters:
            raise UsageError(f"{entry.path} does not say who handed in {str(folder)[:80]!r}.")
        members = tuple(
            tuple((name, str(value)) for name in ("sid", "email") if (value := _of(person, name)) not in (None, ""))
            for person in submitters
        )
        names = ", ".join(str(_of(person, "name") or "") for person in submitters)
        key = str(folder)
        ids = (*(members[0] if len(members) == 1 else ()), ("submission", key))
        created = _of(told, "created_at")
        owner = Owner(key=key, name=names, ids=ids, members=members if len(members) > 1 else ())
        owners[key] = (owner, _aware(created))
    return owners


def _aware(value: Any) -> datetime | None:
    """YAML's times are in UTC, also where the parser leaves that out."""
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _of(value: Any, name: str) -> Any:
    return value.get(f":{name}", value.get(name)) if isinstance(value, Mapping) else None


def _parsed(entry: Entry) -> Mapping[str, Any]:
    try:
        import yaml  # in an extra: a student needs none
    except ImportError:
        raise UsageError(
            "A Gradescope export is described in YAML, and PyYAML is not installed: pip install 'threadmarks[lms]'"
        ) from None

    class Loader(yaml.SafeLoader):
        """Takes Ruby's tagged mappings for what they are."""

    def untagged(loader: Any, _suffix: str, node: Any) -> Any:
        return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None

    Loader.add_multi_constructor("!ruby/", untagged)
    try:
        document = yaml.load(entry.load(MOST_METADATA_BYTES), Loader)  # noqa: S506  # the loader is a safe one
    except (yaml.YAMLError, SubmissionError, ValueError, RecursionError) as problem:
        raise UsageError(f"{entry.path} cannot be read: {str(problem).partition(chr(10))[0]}") from None
    if not isinstance(document, Mapping):
        raise UsageError(f"{entry.path} is no list of submissions.")
    return document


LAYOUT = Gradescope()

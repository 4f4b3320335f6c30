"""Deliveries of every layout, with names and bytes changed: the kit's own error or an account of every file, and nothing else.

A student chooses the names of files, a system cuts and renames them, a download breaks off. Whatever comes of that, an
entry is a submission's, or it is told by its name.
"""

import io
import unicodedata
import warnings
import zipfile
from pathlib import PurePosixPath

import packing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.front import samples
from threadmarks import catalog
from threadmarks.batch import outputs
from threadmarks.batch.intake import take_in
from threadmarks.batch.late import NO_POLICY, Lateness, lateness
from threadmarks.batch.outcome import Outcome
from threadmarks.errors import SubmissionError, UsageError
from threadmarks.lms import registry
from threadmarks.lms.delivery import open_delivery
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES

EXERCISES = catalog.load()
FOLDERS = {
    "anna/ex03.py": packing.GOOD,
    "bob/work.zip": packing.zipped({"src/ex03.py": packing.GOOD, "notes.txt": "x"}),
    "carl.py": packing.GOOD,
    "dora/ex03.ipynb": "{}",
    "emil/work.zip": packing.zipped({}),
}
DELIVERIES = {**packing.ALL, "moodle-groups": packing.MOODLE_GROUPS, "folders": FOLDERS}

ODD = (
    "", "..", "../", "/", "//", "C:/", "\\", "..\\", ".", " ", "\0", "\n", "_", "__", "-", "é", "e\u0301", "\u202e", "\ufeff",
    "李", "\U0001d499", "ß", "İ", ".py", ".PY", ".zip", "ex02", "ex03 (1)", "CON", "=1+1", "_LATE", "anon_", "assignsubmission_file",
    "99999999999999999999", "2026-13-45-99-99-99", "Nov 31, 2026 1399 PM", "(", ")", "submission_metadata.yml", "__MACOSX/",
)  # fmt: skip
"""What is put into names: what leads out, what looks like the systems' own marks and is not, what people's scripts hold."""
LENGTHS = (300, 5_000)


def cut(name, draw):
    """Without its beginning or its end."""
    place = draw(st.integers(0, len(name)))
    return draw(st.sampled_from((name[:place], name[place:])))


def filled(name, draw):
    """With something in the middle, or in the place of some of it."""
    first, last = sorted((draw(st.integers(0, len(name))), draw(st.integers(0, len(name)))))
    return name[:first] + draw(st.sampled_from(ODD)) + name[draw(st.sampled_from((first, last))) :]


def long(name, draw):
    """Far longer than any system's, in one part or in thousands."""
    return draw(st.sampled_from(("x", "1", "_", "a/", "é"))) * draw(st.sampled_from(LENGTHS)) + name


@st.composite
def changed(draw, files):
    """Pairs of names and data, changed a few times."""
    pairs = list(files.items())
    for _ in range(draw(st.integers(1, 4))):
        at, other = (draw(st.integers(0, len(pairs) - 1)) for _ in range(2))
        (name, data), (another, text) = pairs[at], pairs[other]
        match draw(st.sampled_from(("cut", "fill", "long", "twice", "swap", "data", "gone"))):
            case "cut":
                pairs[at] = cut(name, draw), data
            case "fill":
                pairs[at] = filled(name, draw), data
            case "long":
                pairs[at] = long(name, draw), data
            case "twice":
                pairs.append((another, draw(st.sampled_from((data, text)))))
            case "swap":
                half, rest = len(name) // 2, len(another) // 2
                pairs[at] = name[:half] + another[rest:], data
            case "data":
                pairs[at] = (
                    name,
                    draw(st.one_of(st.binary(max_size=40), st.sampled_from((text, "", b"PK\x05\x06" + b"\0" * 18)))),
                )
            case _ if len(pairs) > 1:
                del pairs[at]
    return pairs


def packed(pairs):
    """A zip of them, with names as they stand: a null byte, which zipfile would cut off, too."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w") as archive,
        warnings.catch_warnings(action="ignore"),
    ):  # of names that are there twice
        for name, data in pairs:
            info = zipfile.ZipInfo("x", packing.STAMP)
            info.filename = name
            archive.writestr(info, data)
    return target.getvalue()


@st.composite
def damaged(draw, data):
    """The bytes of a zip with some of them changed, gone, or there twice."""
    body = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(body)))
        end = min(len(body), begin + draw(st.integers(1, 64)))
        match draw(st.sampled_from(("flip", "zero", "ones", "gone", "twice", "end"))):
            case "flip" if begin < len(body):
                body[begin] ^= 1 << draw(st.integers(0, 7))
            case "zero":
                body[begin:end] = bytes(end - begin)
            case "ones":
                body[begin:end] = b"\xff" * (end - begin)
            case "gone":
                del body[begin:end]
            case "twice":
                body[begin:begin] = body[begin:end]
            case _:
                del body[end:]
    return bytes(body)


def assert_loads_or_is_told(submission):
    """All of it, within the limit, or the reason why not, with its name."""
    try:
        size, reason = len(submission.load()), ""
    except SubmissionError as refused:
        size, reason = 0, str(refused)
    assert size <= SIZE_LIMIT_BYTES
    assert not reason or submission.path in reason


def intake_of(path, wanted):
    """What a batch makes of a delivery, read by its layout or as it is recognised. Raises UsageError."""
    delivery = open_delivery(str(path))
    try:
        intake = take_in(registry.read_delivery(delivery, wanted), EXERCISES, ("ex03",))
        for submission in intake.submissions:
            if submission.load is not None:
                assert_loads_or_is_told(submission)
    finally:
        delivery.close()
    return intake


def told_of(intake):
    """Every path that the marks or the manifest name."""
    remarks = [*intake.remarks, *(remark for submission in intake.submissions for remark in submission.remarks)]
    return {remark.path for remark in remarks} | {submission.path for submission in intake.submissions}


def names_in(data):
    """What the standard library finds in a zip, folders left out; None when it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [info.orig_filename for info in archive.infolist()]
    except Exception:
        return None


def forms_of(name):
    """How the kit may tell a name: as it stands, with the system's separators, in the composed form, as UTF-8 that does not say so."""
    forms = {name}
    try:
        forms.add(name.encode("cp437").decode())
    except UnicodeError:
        pass
    forms |= {form.replace("\\", "/") for form in forms}
    return forms | {unicodedata.normalize("NFC", form) for form in forms}


def assert_all_told(data, intake):
    """No file is dropped in silence: it is named, or a file inside of it is."""
    told = told_of(intake)
    for name in names_in(data):
        forms = forms_of(name)
        if not any(form.endswith("/") for form in forms):
            assert forms & told or any(path.startswith(f"{form}/") for form in forms for path in told), name


def assert_inside(intake):
    """Nobody's name leads a report out of the output folder."""
    for submission in intake.submissions:
        place = PurePosixPath(outputs.report_path(Outcome(submission=submission, lateness=Lateness())))
        assert not place.is_absolute()
        assert ".." not in place.parts
        assert len(place.parts) == 4
        assert place.parts[0] == outputs.REPORTS
        assert all(part.isascii() and len(part) < 80 for part in place.parts)


def layouts_of(name):
    """The one that is asked for, and none: the recognised one."""
    return (name.partition(" ")[0], None)


@pytest.mark.parametrize("name", DELIVERIES)
def test_changed_names_are_told_or_refused(tmp_path, name):
    """Cut, filled with odd things, swapped, far too long, there twice: an entry is a submission's or it is told."""
    path = tmp_path / "a.zip"

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(changed(DELIVERIES[name]), st.sampled_from(layouts_of(name)))
    def change(pairs, wanted):
        data = packed(pairs)
        path.write_bytes(data)
        try:
            intake = intake_of(path, wanted)
        except UsageError:
            return
        assert_all_told(data, intake)
        assert_inside(intake)

    change()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", DELIVERIES)
def test_changed_bytes_are_told_or_refused(tmp_path, name):
    """What a broken download, or somebody who means harm, makes of a zip."""
    path = tmp_path / "a.zip"

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(damaged(packing.zipped(DELIVERIES[name])), st.sampled_from(layouts_of(name)))
    def change(data, wanted):
        path.write_bytes(data)
        try:
            intake = intake_of(path, wanted)
        except UsageError:
            return
        assert_all_told(data, intake)
        assert_inside(intake)

    change()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", DELIVERIES)
def test_what_is_published_stays_in_its_folder(tmp_path, name):
    """With names that lead out, written for real: marks, manifest, and a report for each that has one."""
    path, out = tmp_path / "a.zip", tmp_path / "out"
    report = samples.report(samples.passed("first", 3))

    @settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(changed(DELIVERIES[name]))
    def change(pairs):
        path.write_bytes(packed(pairs))
        try:
            intake = intake_of(path, name.partition(" ")[0])
        except UsageError:
            return
        outcomes = [
            Outcome(submission=each, lateness=lateness(each, NO_POLICY), key="k") for each in intake.submissions
        ]
        outputs.publish(out, intake, outcomes, lambda each: report if each.submission.load else None)
        for each in outcomes:
            assert (out / outputs.report_path(each)).is_file() == (each.submission.load is not None)

    change()
    assert {place.name for place in tmp_path.iterdir()} <= {"a.zip", "out"}
    assert {place.name for place in out.iterdir()} <= {outputs.REPORTS, outputs.GRADES, outputs.MANIFEST}

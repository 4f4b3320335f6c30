"""Zips that strangers made: everything is read within caps, or told by name."""

import io
import os
import struct
import tracemalloc
import zipfile

import packing
import pytest

from threadmarks.errors import SubmissionError, UsageError
from threadmarks.lms import nested, registry, zips
from threadmarks.lms.delivery import open_delivery
from threadmarks.sandbox.saferead import SIZE_LIMIT_BYTES


def entries(path):
    """The entries of a delivery by path."""
    return {entry.path: entry for entry in open_delivery(path).entries}


def refused(entry):
    """The code with which an entry refuses to be read."""
    with pytest.raises(SubmissionError) as caught:
        entry.load()
    assert entry.path in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    [
        "../ex02.py",
        "/etc/ex02.py",
        "anna/../../ex02.py",
        "C:/ex02.py",
        "..\\ex02.py",
        "anna\\..\\ex02.py",
        "anna/b\\ex02.py",
    ],
)
def test_a_name_that_leads_out_is_told_and_never_opened(tmp_path, name):
    """Nothing is written to disk at all; the name would be a lie about whose it is."""
    delivery = open_delivery(packing.put(tmp_path / "a.zip", {name: packing.GOOD, "anna/ex02.py": packing.GOOD}))
    assert [entry.path for entry in delivery.entries] == ["anna/ex02.py"]
    (remark,) = delivery.remarks
    assert (remark.code, remark.path, remark.harmless) == ("unsafe-path", name, False)


def test_a_packer_that_separates_with_backslashes_is_understood(tmp_path):
    """Old ones on Windows do; nothing leads out."""
    (entry,) = open_delivery(packing.put(tmp_path / "a.zip", {"anna\\src\\ex02.py": packing.GOOD})).entries
    assert (entry.path, entry.load()) == ("anna/src/ex02.py", packing.GOOD.encode())


def test_a_bomb_is_read_up_to_the_cap_only(tmp_path):
    """A thousand times its size, by its own account and against it."""
    path = packing.put(tmp_path / "a.zip", {"anna/ex02.py": b" " * (200 << 20)})
    assert (tmp_path / "a.zip").stat().st_size < 300_000
    tracemalloc.start()
    try:
        assert refused(entries(path)["anna/ex02.py"]) == "too-large"
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)  # it declares ten bytes
    (tmp_path / "b.zip").write_bytes(data)
    assert refused(entries(str(tmp_path / "b.zip"))["anna/ex02.py"]) in ("damaged", "too-large")


def test_links_devices_and_encrypted_entries_are_refused_by_name(tmp_path):
    """A link in a zip is a file that names another."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, mode in (("anna/ex02.py", 0o120777), ("bob/ex02.py", 0o020666), ("carl/ex02.py", 0o100644)):
            info = zipfile.ZipInfo(name, packing.STAMP)
            info.create_system = 3
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("dora/ex02.py", "secret")
    data = bytearray(target.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.rindex(mark)
        data[at + offset] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    found = entries(str(tmp_path / "a.zip"))
    assert refused(found["anna/ex02.py"]) == "not-a-file"
    assert refused(found["bob/ex02.py"]) == "not-a-file"
    assert found["carl/ex02.py"].load() == b"/etc/passwd"
    assert refused(found["dora/ex02.py"]) == "encrypted"


def test_every_damage_is_an_entry_of_its_own(tmp_path):
    """One broken byte costs one file, whatever the decoder makes of it."""
    whole = packing.zipped({"anna/ex02.py": os.urandom(300), "bob/ex02.py": packing.GOOD})
    start = whole.index(b"anna/ex02.py") + len("anna/ex02.py")
    for offset in range(0, 300, 7):
        data = bytearray(whole)
        data[start + offset] ^= 0x55
        (tmp_path / "a.zip").write_bytes(data)
        found = entries(str(tmp_path / "a.zip"))
        assert refused(found["anna/ex02.py"]) == "damaged"
        assert found["bob/ex02.py"].load() == packing.GOOD.encode()


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip", b"PK\x05\x06" + b"\0" * 17, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_a_usage_error(tmp_path, data):
    """A download that broke off."""
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UsageError, match="is no zip that can be read"):
        open_delivery(str(tmp_path / "a.zip"))


def test_what_is_not_there_is_a_usage_error(tmp_path):
    """Neither folder nor zip."""
    with pytest.raises(UsageError, match="There is no folder and no zip"):
        open_delivery(str(tmp_path / "nowhere"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_count_once_or_not_at_all(tmp_path):
    """The same twice is one; two different ones nobody can choose between. Normal forms do not make them two names."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in (
            ("anna/ex02.py", "x = 1\n"),
            ("anna/ex02.py", "x = 2\n"),
            ("Zo\u00eb/ex02.py", "x = 3\n"),
            ("Zoe\u0308/ex02.py", "x = 3\n"),
        ):
            archive.writestr(name, text)
    (tmp_path / "a.zip").write_bytes(target.getvalue())
    delivery = open_delivery(str(tmp_path / "a.zip"))
    found = {entry.path: entry for entry in delivery.entries}
    assert refused(found["anna/ex02.py"]) == "duplicate-name"
    assert found["Zo\u00eb/ex02.py"].load() == b"x = 3\n"
    assert [(remark.code, remark.path) for remark in delivery.remarks] == [("same-twice", "Zo\u00eb/ex02.py")]


def test_names_in_utf8_that_do_not_say_so_are_read_as_what_they_are(tmp_path):
    """Some packers forget the flag."""
    data = packing.zipped({"Zo\u00eb/ex02.py": packing.GOOD})
    flagged = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        at = flagged.index(mark)
        assert flagged[at + offset] & 0x08
        flagged[at + offset] &= ~0x08
    (tmp_path / "a.zip").write_bytes(flagged)
    found = entries(str(tmp_path / "a.zip"))
    assert found["Zo\u00eb/ex02.py"].load() == packing.GOOD.encode()


def only_item(path):
    """The only item of a delivery."""
    (item,) = registry.read_delivery(open_delivery(path)).items
    return item


def test_a_students_zip_is_opened_once_and_one_inside_stays_shut(tmp_path):
    """Both are told; nothing is unpacked to disk."""
    inner = packing.zipped(
        {"work/ex02.py": packing.GOOD, "deeper.zip": packing.zipped({"ex02.py": "x"}), "../x.py": "x"}
    )
    item = only_item(packing.put(tmp_path / "a.zip", {"anna/hand in.zip": inner}))
    items, remarks = nested.opened(item)
    assert [(each.file, each.entry.load()) for each in items] == [("work/ex02.py", packing.GOOD.encode())]
    assert sorted((remark.code, remark.path) for remark in remarks) == [
        ("nested-zip", "anna/hand in.zip/deeper.zip"),
        ("unsafe-path", "anna/hand in.zip/../x.py"),
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_different_files_of_one_name_in_a_students_zip_are_not_chosen_between(tmp_path):
    """As in the delivery itself."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in (
            ("ex02.py", "x = 1\n"),
            ("ex02.py", "x = 2\n"),
            ("ex03.py", "x = 3\n"),
            ("ex03.py", "x = 3\n"),
        ):
            archive.writestr(name, text)
    item = only_item(packing.put(tmp_path / "a.zip", {"anna/a.zip": target.getvalue()}))
    (first, second), _ = nested.opened(item)
    assert refused(first.entry) == "duplicate-name"
    assert second.entry.load() == b"x = 3\n"


@pytest.mark.parametrize("inside", [{}, {"work/": ""}])
def test_a_students_zip_without_a_file_is_told(tmp_path, inside):
    """Whoever packed an empty folder has handed in something, and hears of it."""
    item = only_item(packing.put(tmp_path / "a.zip", {"anna/a.zip": packing.zipped(inside)}))
    items, (remark,) = nested.opened(item)
    assert (items, remark.code, remark.path) == ([], "bad-zip", "anna/a.zip")


def test_a_students_zip_has_caps_of_its_own(tmp_path):
    """Of bytes, entries, and what an entry holds."""
    many = {f"{number}.py": "" for number in range(nested.MOST_ENTRIES + 1)}
    packed = {
        "many": packing.zipped(many),
        "large": packing.zipped({"a.py": os.urandom(nested.MOST_BYTES + 1)}),
        "broken": b"PK",
    }
    for name, data in packed.items():
        item = only_item(packing.put(tmp_path / f"{name}.zip", {"anna/a.zip": data}))
        items, remarks = nested.opened(item)
        assert (items, [remark.code for remark in remarks]) == ([], ["bad-zip"]), name
    item = only_item(packing.put(tmp_path / "bomb.zip", {"anna/a.zip": packing.zipped({"ex02.py": b" " * (50 << 20)})}))
    ((bomb,), _) = nested.opened(item)
    assert refused(bomb.entry) == "too-large"


def test_an_entry_may_be_as_large_as_a_submission_and_no_larger():
    """The cap is exact."""
    archive = zips.Zip(
        packing.zipped({"a": b"x" * SIZE_LIMIT_BYTES, "b": b"x" * (SIZE_LIMIT_BYTES + 1)}), most_entries=9
    )
    small, large = archive.members
    assert len(small.load()) == SIZE_LIMIT_BYTES
    with pytest.raises(SubmissionError, match="larger than 1 MiB"):
        large.load()


def test_a_folder_is_read_without_following_anything(tmp_path):
    """Links to files and folders, a queue, a second name of a file: each is refused or told."""
    place = tmp_path / "class"
    packing.folder(place, {"anna/ex02.py": packing.GOOD, "bob/real.py": packing.GOOD})
    (place / "bob" / "ex02.py").symlink_to(place / "anna" / "ex02.py")
    (place / "carl").symlink_to(place / "anna")
    os.mkfifo(place / "anna" / "ex03.py")
    os.link(place / "bob" / "real.py", place / "bob" / "ex04.py")
    delivery = open_delivery(str(place))
    found = {entry.path: entry for entry in delivery.entries}
    assert found["anna/ex02.py"].load() == packing.GOOD.encode()
    assert refused(found["bob/ex02.py"]) == "symlink"
    assert refused(found["anna/ex03.py"]) == "not-a-file"
    assert refused(found["bob/ex04.py"]) == "not-a-file"
    assert [(remark.code, remark.path) for remark in delivery.remarks] == [("symlink", "carl")]

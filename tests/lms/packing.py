"""Deliveries as the systems pack them, byte by byte as far as it matters, with invented students."""

import io
import zipfile
from pathlib import Path

STAMP = (2026, 11, 23, 3, 58, 0)
GOOD = "print('good')\n"


def zipped(files: dict[str, bytes | str], *, stamp=STAMP, create_system=0) -> bytes:
    """A zip of these files, in their order."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = create_system
            archive.writestr(info, data)
    return target.getvalue()


def put(path: Path, files: dict[str, bytes | str], **more) -> str:
    """The zip on disk; its path."""
    path.write_bytes(zipped(files, **more))
    return str(path)


def folder(path: Path, files: dict[str, bytes | str]) -> str:
    """The files as a folder; its path."""
    for name, data in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


MOODLE = {
    "Ana García López_9_assignsubmission_file/ex03.py": GOOD,
    "Ana García López_9_assignsubmission_file/lib/util.py": "x=1\n",
    "Bob OBrien_10_assignsubmission_onlinetext/onlinetext.html": "<p>hello</p>",
    "Bob OBrien_10_assignsubmission_file/ex03.py": "print('bob')\n",
    "Jo Smith_8_assignsubmission_file/ex03.zip": "PK",
    "Jo Smith_13_assignsubmission_file/ex03.py": "print('jo2')\n",
    "李 小龍_11_assignsubmission_file/練習 3.py": "print('li')\n",
}
MOODLE_FLAT = {
    "Ana García López_9_assignsubmission_file_ex03.py": GOOD,
    "Ana García López_9_assignsubmission_file_util.py": "x=1\n",
    "Bob OBrien_10_assignsubmission_onlinetext_onlinetext.html": "<p>hello</p>",
    "Bob OBrien_10_assignsubmission_file_ex03.py": "print('bob')\n",
    "Jo Smith_8_assignsubmission_file_ex03.zip": "PK",
    "Jo Smith_13_assignsubmission_file_ex03.py": "print('jo2')\n",
    "李 小龍_11_assignsubmission_file_練習 3.py": "print('li')\n",
}
MOODLE_OLD = {name.replace("_file/", "_file_/").replace("text/", "text_/"): data for name, data in MOODLE.items()}
MOODLE_BLIND = {
    "Participant_9_assignsubmission_file/ex03.py": GOOD,
    "Participant_10_assignsubmission_file/ex03.py": "print('bob')\n",
}
MOODLE_GROUPS = {
    "Red team_3_assignsubmission_file/ex03.py": GOOD,
    "Blue_4_assignsubmission_file/ex03.py": "print('blue')\n",
    "Default group_assignsubmission_file/ex03.py": "print('nobody')\n",
}
CANVAS = {
    "garcialopezana_1201_90001_ex03.py": GOOD,
    "obrienbob_LATE_1202_90002_ex03-1.py": "print('bob')\n",
    "李小龍_1203_90003_Ex03 (1).PY": "print('li')\n",
    "smithjo_1204_text.html": "<p>sorry</p>",
}
CANVAS_ANONYMOUS = {
    "anon_3f9Kq_90001_ex03.py": GOOD,
    "LATE_anon_aB12c_90002_ex03-2.py": "print('bob')\n",
}
GRADESCOPE_YML = """---
submission_201:
  :submitters:
  - :name: Ana García López
    :sid: s9
    :email: ana@example.com
  :created_at: 2026-11-23 03:58:00.123000000 Z
  :score: 0.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_202:
  :submitters:
  - :name: Bob O'Brien
    :sid: s10
    :email: bob@example.com
  - :name: 李 小龍
    :sid: s11
    :email: li@example.com
  :created_at: 2026-11-24 10:00:00.000000000 Z
submission_203:
  :submitters:
  - :name: Jo Smith
    :sid: s8
    :email: jo@example.com
  :created_at: 2026-11-24 10:00:00.000000000 Z
"""
GRADESCOPE = {
    "assignment_77_export/submission_metadata.yml": GRADESCOPE_YML,
    "assignment_77_export/submission_201/ex03.py": GOOD,
    "assignment_77_export/submission_202/src/ex03.py": "print('group')\n",
    "assignment_77_export/elsewhere/ex03.py": "print('who?')\n",
}
BLACKBOARD = {
    "Pools_and_queues_ana9_attempt_2026-11-23-03-58-00.txt": "Name: Ana (ana9)\n",
    "Pools_and_queues_ana9_attempt_2026-11-23-03-58-00_ex03.py": "print('first')\n",
    "Pools_and_queues_ana9_attempt_2026-11-24-10-00-00.txt": "Name: Ana (ana9)\n",
    "Pools_and_queues_ana9_attempt_2026-11-24-10-00-00_ex03.py": GOOD,
    "Pools_and_queues_bob_o@example.com_Versuch_2026-11-23-03-58-00.txt": "Name: Bob\n",
    "Pools_and_queues_bob_o@example.com_Versuch_2026-11-23-03-58-00_ex03.py": "print('bob')\n",
}
BRIGHTSPACE = {
    "index.html": "<html></html>",
    "31221-4534 - Ana García López - Nov 23, 2026 358 AM/ex03.py": "print('first')\n",
    "31221-4534 - Ana García López - Nov 24, 2026 1210 PM/ex03.py": GOOD,
    "31222-4534 - Bob O'Brien - Nov 23, 2026 1205 AM/ex03.py": "print('bob')\n",
}
SAKAI = {
    "Exercise 3/grades.csv": "Display ID,ID\n",
    "Exercise 3/García, Ana(ana9)/Submission attachment(s)/ex03.py": GOOD,
    "Exercise 3/García, Ana(ana9)/timestamp.txt": "20261123035800123",
    "Exercise 3/García, Ana(ana9)/ana9_submissionText.html": "",
    "Exercise 3/O'Brien, Bob(bob10)/Submission attachment(s)/ex03.py": "print('bob')\n",
    "Exercise 3/O'Brien, Bob(bob10)/timestamp.txt": "2026-11-24T10:00:00Z",
}
ALL = {
    "moodle": MOODLE,
    "moodle flat": MOODLE_FLAT,
    "moodle old": MOODLE_OLD,
    "moodle blind": MOODLE_BLIND,
    "canvas": CANVAS,
    "canvas anonymous": CANVAS_ANONYMOUS,
    "gradescope": GRADESCOPE,
    "blackboard": BLACKBOARD,
    "brightspace": BRIGHTSPACE,
    "sakai": SAKAI,
}

"""The program that the judge starts: it becomes a zygote (`supervisor.py`, and its `template.py`).

Started by exec, so that no lock of the judge is inherited, with a scrubbed environment and nothing but the standard library
on its path. The path to the kit is added for as long as the kit is being imported, and no longer.

Usage: python -S -s -P zygote.py CONTROL_FD PACKAGE_PARENT WORK_FOLDER ENTRY_MODULE
"""

import sys


def main() -> None:
    """Serve the control channel given as the first argument until it closes."""
    descriptor, package_parent, work_folder, entry = sys.argv[1:]
    sys.path.insert(0, package_parent)
    from threadmarks.sandbox import supervisor

    supervisor.serve(int(descriptor), package_parent, work_folder, entry)


if __name__ == "__main__":
    main()

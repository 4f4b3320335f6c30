"""Removes a run's folder, whatever a submission piled up in it. Standard library only."""

import contextlib
import os
import stat


def clear(folder: str) -> None:
    """Remove what a lost process left of a folder, in whatever state, as far as that can be done. For the judge."""
    if os.name != "posix":
        import shutil  # a zygote does without it

        shutil.rmtree(folder, ignore_errors=True)
        return
    for left in (_remains_of(folder), folder):
        with contextlib.suppress(OSError):  # gone, mostly
            remove(left)


def remove(folder: str) -> None:
    """Remove a folder (Unix only): closed folders, links (never followed), trees of any depth. Raises OSError.

    Folders found inside are first moved up into a folder that only this process writes to, so no path gets long. Each folder
    costs what the file system takes to free it: microseconds on a tmpfs, milliseconds on a disk that is told at once.
    """
    try:
        os.rmdir(folder)  # most runs leave it empty
    except FileNotFoundError:
        raise
    except OSError:  # it is still there
        pass
    else:
        return
    pit = _remains_of(folder)
    os.mkdir(pit, stat.S_IRWXU)
    os.rename(folder, os.path.join(pit, "0"))
    moved = 0
    while names := os.listdir(pit):
        for name in names:
            top = os.path.join(pit, name)
            os.chmod(top, stat.S_IRWXU)
            with os.scandir(top) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        moved += 1
                        os.chmod(entry.path, stat.S_IRWXU)
                        os.rename(entry.path, os.path.join(pit, str(moved)))
                    else:
                        os.unlink(entry.path)
            os.rmdir(top)
    os.rmdir(pit)


def _remains_of(folder: str) -> str:
    """Where what is in a folder lies while `remove` is at work, and afterwards when it was killed."""
    return f"{folder}-remains"

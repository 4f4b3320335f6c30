"""Removes a run's folder, whatever a submission piled up in it. Unix only, standard library only."""

import contextlib
import os
import stat


def remove(folder: str) -> None:
    """Remove a folder: closed folders, links (never followed), trees of any depth. Raises OSError.

    Folders found inside are first moved up into a folder that only this process writes to, so no path gets long.
    """
    with contextlib.suppress(OSError):  # most runs leave it empty; otherwise it is still there
        os.rmdir(folder)
        return
    pit = f"{folder}-remains"
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

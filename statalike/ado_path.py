"""Where ado-files are looked for ([P] sysdir, [U] 17.5)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from statalike.data.names import LONGEST_NAME


def _directories() -> dict[str, str]:
    return {
        "STATA": "",
        "BASE": "",
        "SITE": "",
        "PLUS": "~/ado/plus/",
        "PERSONAL": "~/ado/personal/",
        "OLDPLACE": "~/ado/",
    }


@dataclass
class AdoPath:
    """Directories by their code words, and the order in which ado-files are looked for.

    ``entries`` are code words and directories; an empty directory is passed over.
    """

    directories: dict[str, str] = field(default_factory=_directories)
    entries: list[str] = field(
        default_factory=lambda: ["BASE", "SITE", ".", "PERSONAL", "PLUS", "OLDPLACE"]
    )

    def directory(self, entry: str) -> str:
        """The directory that an entry or a code word stands for."""
        return os.path.expanduser(self.directories.get(entry, entry))

    def file(self, name: str) -> Path | None:
        """The first ``name.ado``, in a directory or in its subdirectory of the first letter.

        Nothing for what is no name of a program.
        """
        if not name.isidentifier() or len(name) > LONGEST_NAME:
            return None
        for entry in self.entries:
            directory = self.directory(entry)
            if not directory:
                continue
            for folder in (Path(directory), Path(directory) / name[0].lower()):
                candidate = folder / f"{name}.ado"
                if candidate.is_file():
                    return candidate
        return None

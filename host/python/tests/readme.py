"""The examples in the project's README."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[3] / "README.md"


def example(title: str) -> str:
    """The one fenced block below the heading `### TITLE`."""
    section = re.search(rf"^### {title}\n(.*?)(?=^##)", README.read_text(), re.MULTILINE | re.DOTALL)
    assert section is not None, f"the README has no section {title}"
    [block] = re.findall(r"^```\w+\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)
    return str(block)

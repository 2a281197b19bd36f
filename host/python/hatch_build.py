"""Refuses to build a package without the rules in it."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPONENT = "src/dogwrap/dogwrap-events.wasm"


class CustomBuildHook(BuildHookInterface[Any]):
    """Looks for the component before anything is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Ends the build where the component is missing."""
        if not (Path(self.root) / COMPONENT).is_file():
            sys.exit(f"{COMPONENT} is missing: run 'make python' at the root of the project")

"""What the checks of the recipes have in common: what passed and failed, the recipes, and the commands of
docs/scale.md."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from recipe_templates import parsed

ROOT = Path(__file__).resolve().parent.parent
RECIPES = Path("config/recipes")


class Checks:
    """Counts what passed and what failed, and says what failed."""

    def __init__(self, verbose: bool) -> None:
        self.passed, self.failed = 0, []
        self.verbose = verbose

    def check(self, name: str, ok: bool, detail: object = "") -> bool:
        if ok:
            self.passed += 1
            if self.verbose:
                print(f"ok      {name}")
        else:
            self.failed.append(f"{name}: {detail}")
        return ok

    def accepts(self, command: list, what: str) -> None:
        """A checker ends with exit code 0."""
        command = [str(part) for part in command]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.check(f"{command[0]} accepts {what}", done.returncode == 0, done.stdout + done.stderr)


class Hit(Exception):
    """A check has found what it should."""


class Search(Checks):
    """Ends with the first finding that has a text in it."""

    def __init__(self, text: str) -> None:
        super().__init__(verbose=False)
        self.text = text

    def check(self, name: str, ok: bool, detail: object = "") -> bool:
        super().check(name, ok, detail)
        if not ok and self.text in self.failed[-1]:
            raise Hit
        return ok


class Work:
    """A copy of the recipes, a folder for what the checks write, and the program."""

    def __init__(self, program: Path, root: Path, folder: Path) -> None:
        self.program, self.root, self.folder = program, root, folder
        self.recipes = root / RECIPES

    def templates(self) -> list:
        return sorted(self.recipes.glob("*.yaml"))

    def template(self, name: str) -> dict:
        return parsed((self.recipes / name).read_text())


def commands_of_page(file: Path = ROOT / "docs/scale.md") -> dict:
    """The commands of a page for AWS and Kubernetes, by heading. All others are run by a test of `cli`."""
    page = file.read_text()
    chapters = re.findall(r"^##+ (.*?)\n(.*?)(?=^##|\Z)", page, flags=re.DOTALL | re.MULTILINE)
    commands = {heading: "\n".join(re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)) for heading, text in chapters}
    return {heading: text for heading, text in commands.items() if text}

"""Puts the fake program in the place of hoptrail."""

import contextlib
import io
import os
import stat
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock


class WithFake(unittest.TestCase):
    """`self.fault("read=kill")` has a command of the fake fail."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        program = folder / "hoptrail"
        fake = Path(__file__).with_name("fake_hoptrail.py")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}" "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        # What children say is passed on; here it would hide what tests say.
        silence = contextlib.redirect_stderr(io.StringIO())
        silence.__enter__()
        self.addCleanup(silence.__exit__, None, None, None)
        self.environment(HOPTRAIL_BIN=str(program), FAKE="")

    def environment(self, **variables: str) -> None:
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)

    def fault(self, fault: str) -> None:
        self.environment(FAKE=fault)

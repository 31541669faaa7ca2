"""Finds the program, starts it, and moves lines and Arrow through its pipes. Knows nothing of Spark."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Callable

import pyarrow as pa

# Exit codes of a child that has done its work: done; partial, for reasons that its stderr names.
DONE, PARTIAL = 0, 3
# How the program ends when a signal asks it to.
INTERRUPTED, TERMINATED = 130, 143
# How much of the end of stderr an error shows, in bytes.
STDERR_BYTES = 4096


class ProgramError(RuntimeError):
    """The program cannot be found, or ended otherwise than it should."""


class ProgramKilled(ProgramError):
    """A signal ended the program: the same task can succeed when it is tried again."""


def find() -> Path:
    """The program of this package: `HOPTRAIL_BIN`, else in the folder of scripts that pip installs into.

    The search path is not looked at: a `hoptrail` of another version could be there.
    """
    named = os.environ.get("HOPTRAIL_BIN")
    if named:
        looked_at = [Path(named)]
    else:
        folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
        looked_at = [Path(folder) / "hoptrail" for folder in folders]
        # `pip install --target` has the folder bin beside the packages.
        looked_at.append(Path(__file__).resolve().parents[2] / "bin" / "hoptrail")
    for path in looked_at:
        if path.is_file() and os.access(path, os.X_OK):
            return path
    where = ", ".join(map(str, looked_at))
    raise ProgramError(f"no program hoptrail: looked for {where}; HOPTRAIL_BIN can name another path")


def options_of(command: str) -> frozenset[str]:
    """The long options that a command knows, by its `--help`: `{"source", ...}`."""
    shown = subprocess.run([find(), command, "--help"], check=True, capture_output=True, text=True).stdout
    return frozenset(re.findall(r"^(?: {6}|  -\w, )--([a-z0-9-]+)", shown, flags=re.MULTILINE))


class Child:
    """One process of the program. The end of the `with` block kills it if it has not ended by then.

    `feed` writes what the child reads from standard input, in a thread, while the caller reads `stdout`. Its
    exceptions kill the child, and `finish` raises them: standard input never just ends where it should go on.
    """

    def __init__(self, arguments: Sequence[str], feed: Callable[[BinaryIO], None] | None = None) -> None:
        self.command = arguments[0]
        self._process = subprocess.Popen(
            [str(find()), *arguments],
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.stdout: BinaryIO = self._process.stdout
        self._stderr = b""
        self._feed_error: BaseException | None = None
        self._threads = [threading.Thread(target=self._keep_stderr, daemon=True)]
        if feed is not None:
            self._threads.append(threading.Thread(target=self._feed, args=[feed], daemon=True))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self.stdout.close()

    def _keep_stderr(self) -> None:
        """Passes messages on to this process's stderr, which engines log, and keeps the last of them."""
        with self._process.stderr as messages:
            for line in messages:
                sys.stderr.write(line.decode(errors="replace"))
                self._stderr = (self._stderr + line)[-STDERR_BYTES:]

    def _feed(self, feed: Callable[[BinaryIO], None]) -> None:
        stdin = self._process.stdin
        try:
            feed(stdin)
            stdin.flush()
        except BrokenPipeError:
            # The child has ended; its exit code and its stderr say why.
            pass
        except BaseException as error:
            self._feed_error = error
            # Before the end of standard input, which the child would take for the end of what it is to do.
            self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            stdin.close()

    def wait(self) -> int:
        """The exit code, once everything is read of `stdout`.

        Raises what `feed` raised, and `ProgramKilled` if a signal ended the child.
        """
        for thread in self._threads:
            thread.join()
        code = self._process.wait()
        if self._feed_error is not None:
            raise self._feed_error
        if code < 0 or code in (INTERRUPTED, TERMINATED):
            raise ProgramKilled(self._failure(f"was killed by signal {-code if code < 0 else code - 128}"))
        return code

    def finish(self) -> int:
        """As `wait`, but any exit code other than 0 and 3 raises `ProgramError`."""
        code = self.wait()
        if code not in (DONE, PARTIAL):
            raise ProgramError(self._failure(f"ended with exit code {code}"))
        return code

    def _failure(self, how: str) -> str:
        return f"hoptrail {self.command} {how}: {self.stderr_end() or 'nothing on stderr'}"

    def stderr_end(self) -> str:
        """The last messages, at most 4 KiB of them."""
        return self._stderr.decode(errors="replace").strip()


def feed_lines(lines: Iterable[str]) -> Callable[[BinaryIO], None]:
    """Feeds a child with lines, which have no line end yet."""

    def feed(stdin: BinaryIO) -> None:
        for line in lines:
            stdin.write(line.encode())
            stdin.write(b"\n")

    return feed


def feed_batches(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Callable[[BinaryIO], None]:
    """Feeds a child with an Arrow IPC stream. It has its end marker only if all batches could be written."""

    def feed(stdin: BinaryIO) -> None:
        writer = pa.ipc.new_stream(stdin, schema)
        for batch in batches:
            writer.write_batch(batch)
        writer.close()

    return feed


def read_schema(child: Child) -> pa.Schema:
    """The schema of an Arrow IPC stream without rows, whose child then must have ended well."""
    with _reader(child) as reader:
        rows = sum(batch.num_rows for batch in reader)
    child.finish()
    if rows:
        raise ProgramError(f"hoptrail {child.command} gives {rows} rows for nothing, expected none")
    return reader.schema


def read_batches(child: Child, expected: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches of the Arrow IPC stream that a child writes, which then must have ended well.

    A stream of another schema is refused, metadata included: the program of this machine is another one than
    that of the driver, or its environment has other settings.
    """
    with _reader(child) as reader:
        if not reader.schema.equals(expected, check_metadata=True):
            raise ProgramError(
                f"hoptrail {child.command} on this machine gives another schema than on the driver: expected "
                f"{_shown(expected)}; found {_shown(reader.schema)}"
            )
        yield from reader
    child.finish()


@contextlib.contextmanager
def _reader(child: Child) -> Iterator[pa.RecordBatchReader]:
    """Reads a child's Arrow. A child that fails cuts its stream off: then what it says is raised."""
    try:
        yield pa.ipc.open_stream(child.stdout)
    except pa.ArrowException:
        child.finish()
        raise


def _shown(schema: pa.Schema) -> str:
    fields = [f"{field.name} {field.type}" for field in schema]
    metadata = [f"{key.decode()}={value.decode()}" for key, value in sorted((schema.metadata or {}).items())]
    return ", ".join(fields + metadata)

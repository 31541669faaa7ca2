"""A program that answers as hoptrail does, as far as the package sees it, and fails as FAKE asks: `read=kill`.

Its source has two folders with three objects each, and every object gives a row to the first day of the range.
"""

import json
import os
import signal
import sys
import time

OPTIONS = {
    "plan": "source from to output folders keys sums account invocation-logs",
    "read": "source from to dest form account omit threads invocation-logs",
    "build": "source dest day readings sums reopen summary-json omit wait-lock fail-on invocation-logs force",
    "settle": "source dest from to wait-lock invocation-logs force",
}


def schema():
    # Not above: importing it takes most of the time of the other commands.
    import pyarrow as pa

    return pa.schema(
        [("dt", pa.string()), ("key", pa.string()), ("part", pa.int32()), ("payload", pa.binary())],
        metadata={"format": "1", "options": os.environ.get("FAKE_OPTIONS", "none")},
    )


def main() -> int:
    command, *arguments = sys.argv[1:]
    options = dict(argument.removeprefix("--").partition("=")[::2] for argument in arguments)
    if "help" in options:
        print(
            "Options:",
            *(f"\n      --{name} <VALUE>\n          --other is in a text" for name in OPTIONS[command].split()),
        )
        return 0
    at_fault, _, fault = os.environ.get("FAKE", "").partition("=")
    return COMMANDS[command](options, fault if command == at_fault else "")


def fail(fault: str) -> int:
    """Ends as asked for."""
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "stall":
        print("stalled", file=sys.stderr, flush=True)
        time.sleep(600)
    if fault.startswith("exit"):
        print("message\n" * 1000, f"error: it ends with {fault}", file=sys.stderr)
        return int(fault.removeprefix("exit"))
    return 0


def plan(options: dict, fault: str) -> int:
    if options.get("output") == "folders":
        print('{"folder":"a/"}\n{"folder":"b/"}')
        return fail(fault)
    given = [json.loads(line) for line in sys.stdin]
    if "folders" in options:
        names = [f"{line['folder']}{n}" for line in given for n in range(3)]
        given = [{"key": name, "size": 100, "etag": name} for name in names]
    for key in given:
        print(json.dumps(key))
    if "sums" in options:
        line = {
            "dt": options["from"],
            "objects": len(given),
            "bytes": 100 * len(given),
            "fingerprint": "f" * 64,
        }
        with open(options["sums"], "w") as sums:
            print(json.dumps(line), file=sums)
    return fail(fault)


def read(options: dict, fault: str) -> int:
    import pyarrow as pa

    writer = pa.ipc.new_stream(sys.stdout.buffer, of := schema())
    for line in sys.stdin:
        key = json.loads(line)["key"]
        columns = [[options["from"]], [key], pa.array([0], pa.int32()), [b"payload of " + key.encode()]]
        writer.write_batch(pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=of))
    sys.stdout.flush()
    if fault:
        return fail(fault)
    writer.close()
    return 0


def build(options: dict, fault: str) -> int:
    if fault == "deaf":
        return fail("exit1")
    import pyarrow as pa

    reader = pa.ipc.open_stream(sys.stdin.buffer)
    keys = [key for batch in reader for key in batch.column("key").to_pylist()]
    metadata = {name.decode(): value.decode() for name, value in reader.schema.metadata.items()}
    with open(options["sums"]) as sums:
        print(json.dumps({"day": options["day"], "keys": keys, "metadata": metadata, "sums": sums.read()}))
    sys.stdout.flush()
    return fail(fault)


COMMANDS = {"plan": plan, "read": read, "build": build, "settle": lambda _, fault: fail(fault)}

if __name__ == "__main__":
    sys.exit(main())

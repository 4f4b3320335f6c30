"""Feeds everything that reads untrusted bytes with inputs without end: no crash, no hang, nothing malformed accepted.

Three targets. `wire`: a runner's answer, through the decoder and all that follows it, up to the report's text. `reader`: the
bytes of a submission, and what the judge does with its text. `files`: hostile files for the reader to open. Two engines:
`hypothesis`, and `coverage`: atheris (libFuzzer), guided by which branches of the kit's own modules an input reaches. Both
start from answers that the real runner gave, and change their structure as well as their bytes.

Usage: python proofs/fuzz.py [--inputs 1000000] [--target NAME] [--engine NAME] [--folder FOLDER]
Without atheris (`pip install atheris`, Linux) only `--engine hypothesis` can be run. What was reached is kept in the folder, and
the next call goes on from there. Exit code 1 when an input fails: the smallest one found is printed as bytes.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

TARGETS = ("wire", "reader", "files")
ENGINES = ("hypothesis", "coverage")
BATCH = 5_000
SLOW_S = 20
"""An input that takes so much processor time is a finding. Inputs take a millisecond."""
BLOCKED_S = 600
"""And one that takes so much real time, as the fuzzer's own clock has it, on however busy a machine."""
LONGEST = {"wire": 16_000, "reader": 6_000}
Run = Callable[[bytes], object]


def main() -> int:
    """Run what was asked for, one after the other."""
    parser = argparse.ArgumentParser(description="Fuzz the wire's decoder and the reader of submissions.")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for each target and engine")
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "threadmarks-fuzz")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    targets, engines = options.target or TARGETS, options.engine or ENGINES
    options.folder.mkdir(exist_ok=True)
    if options.child:
        return _under_atheris(targets[0], options.folder, options.inputs)
    if "coverage" in engines and find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris, or ask for --engine hypothesis alone.", file=sys.stderr)
        return 2
    for target in targets:
        if target == "wire" or "coverage" in engines:
            _record(options.folder)
        for engine in engines:
            if (target, engine) == ("files", "coverage"):
                continue  # what is varied there is the file system, and not bytes
            by = _with_hypothesis if engine == "hypothesis" else _with_coverage
            if not by(target, options.folder, options.inputs):
                return 1
    return 0


# -- targets


def _record(folder: Path) -> None:
    """Put real answers into the folder, unless they are there."""
    from proofs.fuzzing import chain, reading, recorded
    from threadmarks import wire

    for target in LONGEST:
        (folder / target).mkdir(exist_ok=True)
    for number, data in enumerate(reading.SEEDS):
        (folder / "reader" / f"seed-{number}").write_bytes(data)
    if (folder / "requests").exists():
        return
    print("Recording real answers of every exercise ...", flush=True)
    seeds = recorded.seeds()
    for number, seed in enumerate(seeds):
        (folder / "wire" / f"seed-{number}").write_bytes(chain.header(number) + seed.wire)
    (folder / "requests").write_bytes(b"\n".join(wire.encode_request(seed.request) for seed in seeds))


def _runner(target: str, folder: Path) -> Run:
    """The function that takes one input of a target."""
    from proofs.fuzzing import chain, files, reading
    from proofs.fuzzing.choices import Choices
    from threadmarks import wire

    if target == "reader":
        return reading.run
    if target == "files":
        memory = Path("/dev/shm")  # on a disk this takes twenty times as long
        kept = tempfile.TemporaryDirectory(prefix="threadmarks-files-", dir=memory if memory.is_dir() else None)
        return lambda data: files.run(Choices(data), Path(kept.name) / "files")
    requests = [wire.decode_request(line) for line in (folder / "requests").read_bytes().split(b"\n")]
    return lambda data: chain.run(data, requests)


def _fails(run: Run, data: bytes) -> str:
    """What goes wrong with an input; "" when nothing does."""
    from proofs.fuzzing import chain

    try:
        with chain.no_longer_than(SLOW_S):
            run(data)
    except Exception as problem:  # whatever it is, it is a finding
        return "".join(traceback.format_exception(problem))
    return ""


def _report(target: str, data: bytes, told: str) -> None:
    print(f"\n{target}: an input of {len(data)} bytes fails:\n{data!r}\n{told}", file=sys.stderr, flush=True)


# -- hypothesis


def _with_hypothesis(target: str, folder: Path, inputs: int) -> bool:
    """True when every input went well."""
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    from proofs.fuzzing import chain, mutation, reading
    from proofs.fuzzing.choices import Choices

    run = _runner(target, folder)
    starts = sorted((folder / "wire").glob("seed-*")) if target == "wire" else []
    seeds = [path.read_bytes() for path in starts] or list(reading.SEEDS)
    count_file = folder / f"hypothesis-{target}"
    done = int(count_file.read_text()) if count_file.exists() else 0
    begin, first, last = time.monotonic(), done, b""

    def made(index: int, odd: bytes, choices: bytes) -> Iterator[bytes]:
        """A row of inputs, each one change further from a real one: hypothesis takes longer to choose than they do."""
        if target == "files":
            yield choices
            return
        start, chance = seeds[index % len(seeds)], Choices(choices)
        head = bytes([start[0], *odd]) if target == "wire" else b""
        body = start[chain.HEADER :] if target == "wire" else start
        while True:
            body = mutation.mutate(body, chance) if target == "wire" else reading.mutate(body, chance)
            yield (head + body)[: LONGEST[target]]
            if not chance.left:
                return

    while done < inputs:
        count = 0

        @seed(done)
        @settings(
            max_examples=min(BATCH, max(100, (inputs - done) // 10)),  # each is a row of about ten
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.integers(0, len(seeds) - 1),
            st.just(b"\0\0\0\0") | st.binary(min_size=4, max_size=4),
            st.binary(min_size=0 if target == "files" else 120, max_size=160),
        )
        def batch(index: int, odd: bytes, choices: bytes) -> None:
            nonlocal count, last
            for last in made(index, odd, choices):
                count += 1
                with chain.no_longer_than(SLOW_S):
                    run(last)

        try:
            batch()
        except Exception as problem:  # hypothesis ran the smallest row of inputs last
            smallest = last if target == "files" else _smallest(last, run)
            _report(target, smallest, _fails(run, smallest) or "".join(traceback.format_exception(problem)))
            return False
        if count == 0:
            break
        done += count
        count_file.write_text(str(done))
        rate = (done - first) / (time.monotonic() - begin)
        print(f"\r{target}, hypothesis: {done} inputs, {rate:.0f} a second   ", end="", flush=True)
    print(
        f"\r{target}, hypothesis: {done} inputs, none fails; {time.monotonic() - begin:.0f} s for {done - first} of them"
    )
    return True


# -- atheris


def _with_coverage(target: str, folder: Path, inputs: int) -> bool:
    """True when every input went well. The fuzzer ends its own process, so it gets one."""
    begin = time.monotonic()
    command = [
        sys.executable,
        __file__,
        "--child",
        "--target",
        target,
        "--folder",
        str(folder),
        "--inputs",
        str(inputs),
    ]
    last = ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:
        assert child.stdout is not None
        told: list[str] = []
        for line in child.stdout:
            told = [*told[-40:], line]
            if line.startswith("#"):
                last = line.split(" L: ")[0].strip()
                print(f"\r{target}, coverage: {last}   ", end="", flush=True)
    failing = sorted(folder.glob(f"failing-{target}-*"), key=lambda path: path.stat().st_mtime)
    if child.returncode == 0 and not failing:
        print(f"\r{target}, coverage: {last}; none fails; {time.monotonic() - begin:.0f} s")
        return True
    if not failing:
        print("\n", *told, file=sys.stderr)
        return False
    run = _runner(target, folder)
    data = _smallest(failing[-1].read_bytes(), run)
    _report(target, data, _fails(run, data) or f"It failed in the fuzzer only; the input is kept as {failing[-1]}.")
    return False


def _smallest(data: bytes, run: Run) -> bytes:
    """A smaller input that fails as well: pieces are left out for as long as one can be."""
    if not _fails(run, data):
        return data
    size = len(data) // 2
    while size:
        start = 0
        while start < len(data):
            shorter = data[:start] + data[start + size :]
            if _fails(run, shorter):
                data = shorter
            else:
                start += size
        size //= 2
    return data


def _under_atheris(target: str, folder: Path, inputs: int) -> int:
    """The child: sees which branches of the kit's modules an input reaches. Does not return."""
    import atheris

    with atheris.instrument_imports(include=["threadmarks"]):
        import threadmarks.judge.decode
        import threadmarks.judge.loading
        import threadmarks.judge.timeline
        import threadmarks.judge.trace
        import threadmarks.report.json
        import threadmarks.report.text  # noqa: F401  # imported here, so that they are seen
    from random import Random

    from proofs.fuzzing import chain, mutation, reading

    take = _runner(target, folder)

    def run(data: bytes) -> None:
        with chain.no_longer_than(SLOW_S):
            take(data)

    def change(data: bytes, longest: int, number: int) -> bytes:
        random = Random(number)
        if random.randrange(10) == 0:
            return bytes(atheris.Mutate(data, longest))
        if target == "reader":
            return reading.mutate(data, random)[:longest]
        return (data[: chain.HEADER] + mutation.mutate(data[chain.HEADER :], random))[:longest]

    flags = [f"-runs={inputs}", f"-max_len={LONGEST[target]}", f"-timeout={BLOCKED_S}", "-rss_limit_mb=2048"]
    flags.append(
        f"-report_slow_units={BLOCKED_S}"
    )  # it counts real time, and keeps what it found slow beside what failed
    kept = [f"-artifact_prefix={folder}/failing-{target}-", str(folder / target)]
    atheris.Setup([sys.argv[0], *flags, *kept], run, custom_mutator=change)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Mutates valid inputs, sends them to a parser, and watches its errors, memory and time."""

from __future__ import annotations

import contextlib
import re
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

MUTATIONS = 300
"""Inputs for each parser where no other number is asked for."""
MOST_BYTES = 128 * 2**20
"""Most memory that reading one small input may take, beyond what was taken before."""
MOST_SECONDS = 20
"""Time after which an input counts as one that never ends; the machine may do much else."""

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
TOKENS = (
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 5000,
    b"0.5",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"[" * 2000,
    b'"\\ud800"',
    b"\x00",
    b"\xff\xfe",
    b"\xf0\x9f\x94\xa2",
    "٣".encode(),
    b",",
    b'"',
    b"\n",
    b"\r",
    b"../",
    b"%00",
    b"<script>",
)


class Endless(BaseException):
    """An input took so long that it may never end; nothing that parses catches this."""


@dataclass(frozen=True)
class Seed:
    """A valid input: the part that is mutated, and how it is packed afterwards.

    A mutation below a checksum would only ever test the checksum.
    """

    content: bytes
    pack: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True)
class Parser:
    """A function that reads bytes, valid examples, and the errors with which it may refuse."""

    name: str
    seeds: Sequence[Seed]
    parse: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    accepts_some: bool = True


@dataclass
class Outcome:
    """Counts and faults of one fuzzed parser."""

    name: str
    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    peak_bytes: int = 0
    slowest_seconds: float = 0.0  # of computing: the machine may do much else
    faults: dict[str, str] = field(default_factory=dict)
    """An example for each place in the code from which something else came."""


def fuzz(parser: Parser, count: int) -> Outcome:
    """Send `count` mutated inputs to a parser, the same ones each time."""
    outcome = Outcome(parser.name)
    random = Random(parser.name)
    for seed in parser.seeds:
        parser.parse(seed.pack(seed.content))  # a seed is valid; what is loaded late is loaded now
    for _ in range(count):
        data = _mutated(random, parser.seeds)
        outcome.inputs += 1
        before = start_of_peak()
        began = time.process_time()
        try:
            with _limited(MOST_SECONDS), warnings.catch_warnings():
                # Pillow warns of odd pictures, which is as good as any other way to read them.
                warnings.simplefilter("ignore")
                parser.parse(data)
            outcome.accepted += 1
        except parser.refusals:
            outcome.refused += 1
        except (Exception, Endless) as error:
            _note(outcome, error, data)
        outcome.slowest_seconds = max(outcome.slowest_seconds, time.process_time() - began)
        peak = peak_bytes() - before
        if peak > MOST_BYTES:
            outcome.faults["memory"] = f"{peak:,} bytes of memory for {data!r:.3000}"
        outcome.peak_bytes = max(outcome.peak_bytes, peak)
    return outcome


def _mutated(random: Random, seeds: Sequence[Seed]) -> bytes:
    seed = random.choice(seeds)
    content = seed.content
    if random.random() < 0.8:
        content = _mutate(random, content, seeds)
        data = seed.pack(content)
        # What is not packed was mutated already.
        return data if random.random() < 0.9 else _mutate(random, data, seeds)
    return _mutate(random, seed.pack(content), seeds)


def _mutate(random: Random, content: bytes, seeds: Sequence[Seed]) -> bytes:
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 1, 2, 4))):
        # The beginning has the headers, the end has the directories.
        reach = random.choice((len(data), len(data), min(64, len(data))))
        at = random.randrange(reach + 1)
        at = len(data) - at if random.random() < 0.25 else at
        until = min(len(data), at + random.choice((1, 2, 4, 16, 256)))
        match random.randrange(10):
            case 0 | 1:
                data[at:until] = random.randbytes(until - at)
            case 2 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 3:
                width = random.choice((1, 2, 4))
                number = random.choice(NUMBERS) % 256**width
                data[at : at + width] = number.to_bytes(width, random.choice(("big", "little")))
            case 4:
                del data[at:until]
            case 5:
                data[at:at] = data[at:until] * random.choice((1, 2, 50))
            case 6:
                data[at:until] = random.choice(TOKENS)
            case 7:
                data[at:at] = random.choice(TOKENS)
            case 8:
                other = random.choice(seeds).content
                start = random.randrange(len(other) + 1)
                data[at:until] = other[start : start + random.choice((4, 64, len(other)))]
            case 9 if random.random() < 0.5:
                del data[at:]
            case _:
                # A digit more or less is the mutation that text is most sensitive to.
                data[at:until] = str(random.randrange(-10, 300)).encode()
    return bytes(data)


def _note(outcome: Outcome, error: BaseException, data: bytes) -> None:
    trace = traceback.extract_tb(error.__traceback__)
    place = f"{type(error).__name__} in {trace[-1].filename}:{trace[-1].lineno}"
    lines = "".join(traceback.format_exception(error)[-6:])
    outcome.faults.setdefault(place, f"{outcome.name}: {lines}for {data!r:.3000}")


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Endless(f"It is still going on after {seconds} s.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def start_of_peak() -> int:
    """Start measuring this process's peak memory (Linux), and return its memory now."""
    with contextlib.suppress(OSError):  # another system, or a cautious container: no measurement
        Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    """Return the peak since then; 0 where nothing measures it."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    return 1024 * int(match[1]) if match else 0

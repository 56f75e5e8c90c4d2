"""How large a record is for Kafka, and how a dead letter is shortened to the size that its topic takes."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from streamrec.contract.records import Headers, Outbound
from streamrec.events.dead_letters import PREFIX

CUT: Final = PREFIX + "cut"
KEPT_BYTES: Final = 64 * 1024
"""Most bytes that are kept of a part that has to be shortened: enough to see what it was."""
RECORD_BYTES: Final = 128
"""Upper bound of what a batch adds around one record: its header of 61 bytes (record format v2), lengths, offsets and times."""
HEADER_BYTES: Final = 10
"""Upper bound of the two lengths before a header's name and value, varints of at most five bytes each."""


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """An upper bound of the bytes that a record takes in a batch of its own, uncompressed."""
    size = RECORD_BYTES + len(key or b"") + len(value or b"")
    return size + sum(HEADER_BYTES + len(name.encode()) + len(value or b"") for name, value in headers) if headers else size


def shortened(letter: Outbound, most_bytes: int) -> Outbound:
    """The dead letter, shortened if it is larger than `most_bytes`.

    Key, value and foreign headers are cut to their first 64 KiB (an eighth of `most_bytes` if that is less), the longest first, until the
    letter fits; after that, foreign headers are left out from the end. The header `streamrec.errors.cut` names what was cut, with its
    length in bytes and its SHA-256.
    """
    if size_of(letter.key, letter.value, letter.headers) <= most_bytes:
        return letter
    most_of_part = min(KEPT_BYTES, most_bytes // 8)
    own = [(name, value) for name, value in letter.headers if name.startswith(PREFIX)]
    foreign = [(name[:most_of_part], value) for name, value in letter.headers if not name.startswith(PREFIX)]
    # A quarter is kept free for the header that names what was cut, since there may be thousands of parts.
    room = 3 * most_bytes // 4
    parts: list[tuple[str, bytes | None]] = [("key", letter.key), ("value", letter.value), *foreign]
    excess, cut = size_of(letter.key, letter.value, letter.headers) - room, []
    for at in sorted(range(len(parts)), key=lambda at: -len(parts[at][1] or b"")):
        name, whole = parts[at]
        if excess <= 0 or whole is None or len(whole) <= most_of_part:
            break
        parts[at] = name, whole[:most_of_part]
        excess -= len(whole) - most_of_part
        label = name if at < 2 else f"header {name[:100]}"
        cut.append(f"{label}: {len(whole)} bytes, sha256 {sha256(whole).hexdigest()}")
    (_, key), (_, value), *kept = parts
    while kept and size_of(key, value, [*kept, *own]) > room:
        del kept[len(kept) // 2 :]
    if len(kept) < len(foreign):
        cut.append(f"{len(foreign) - len(kept)} headers: left out")
    summary = "; ".join(cut).encode()[: most_bytes // 8]
    return Outbound(letter.topic, key, value, [*kept, *own, (CUT, summary)], letter.partition)

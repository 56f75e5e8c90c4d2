"""The local disk of one partition: RocksDB, written after the changelog and never ahead of it."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import structlog
from rocksdict import (
    BlockBasedOptions,
    BottommostLevelCompaction,
    Cache,
    CompactOptions,
    DataBlockIndexType,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
)

from streamrec.engine.store.mark import Stamp, decode_stamp, encode
from streamrec.engine.store.store import FIRST_ROW
from streamrec.errors import DiskFault

log = structlog.get_logger(__name__)

STAMP = b"\0stamp"
DAMAGED = "damaged"
"""A file of this name in the folder says that RocksDB found it damaged."""
UNPURGED = "unpurged"
"""Says that files may have rows that were deleted; should the process be killed, the next one rewrites them all."""
LOCK_S, LOCK_PAUSE_S = 30.0, 0.05
"""Longer than a disk takes to close while it compacts; for good it is held by a fault only."""
MOST_RANGES = 100
"""Beyond that, rewriting everything is quicker than one key range after the other."""
WRITE_BUFFER_BYTES = 8 << 20
"""Each partition holds two of them in memory at most: larger ones add up over some hundred partitions, smaller ones leave more files."""
BLOCK_CACHE_BYTES = 64 << 20
"""For blocks of data only: rows that are used again lie packed in the tables (`row_cache_mb`)."""
_blocks = Cache(BLOCK_CACHE_BYTES)  # shared by all partitions of the process


def _options() -> Options:
    table = BlockBasedOptions()
    table.set_block_cache(_blocks)
    table.set_bloom_filter(10, False)  # ten bits a key answer 99 of 100 questions for users who are new without reading
    table.set_data_block_index_type(DataBlockIndexType.binary_and_hash())  # rows are asked for one by one, by their whole key
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(2)
    # The same filter for what is not in a file yet.
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_memtable_whole_key_filtering(True)
    options.set_max_background_jobs(2)
    # What a killed process leaves here is applied again at the next opening.
    options.set_max_total_wal_size(4 * WRITE_BUFFER_BYTES)
    # All partitions, their brokers and the page share the descriptors of the process.
    options.set_max_open_files(256)
    options.set_keep_log_file_num(2)  # RocksDB's own diary, of which it would keep a thousand
    options.set_compression_type(DBCompressionType.none())  # rows are small, and read one by one
    options.set_level_zero_file_num_compaction_trigger(8)  # twice RocksDB's own: filters make more files cheap, and compactions cost cores
    # The table of contents names the first and last key of every file that there was: begun anew each time, it forgets deleted ones.
    options.set_max_manifest_file_size(1)
    return options


def disk_full(exc: BaseException) -> bool:
    """Whether there is no room left; RocksDB's errors are plain exceptions that quote the system's message."""
    return getattr(exc, "errno", None) == errno.ENOSPC or "No space left on device" in str(exc)


def damaged(exc: BaseException) -> bool:
    """Whether files are torn or missing, as a process leaves them that was killed while it made or wiped the folder."""
    said = str(exc)
    return said.startswith("Corruption") or "No such file or directory" in said


class Disk:
    """Implements `Store` in a folder of one partition."""

    def __init__(self, folder: Path, forgets: bool = False) -> None:
        """Open the folder, making it if it is not there. A damaged one is built anew, since the changelog has everything.

        With `forgets`, deleted rows are remembered until `purge` has taken them out of the files, also through a restart.

        Raises:
            DiskFault: it cannot be opened for another reason, such as missing rights or another process that holds it.
        """
        self.folder = folder
        if (folder / DAMAGED).exists():
            log.warning("a disk was found damaged and is built anew", folder=str(folder))
            shutil.rmtree(folder)
        self._untouched = not folder.exists()
        try:
            self._db = self._open()
        except Exception as exc:
            if not damaged(exc):
                raise
            log.warning("a disk is damaged and is built anew", folder=str(folder), reason=str(exc))
            shutil.rmtree(folder)
            self._db = self._open()
        raw = self._db.get(STAMP)
        self.stamp: Stamp | None = decode_stamp(raw) if raw is not None else None
        self._forgets = forgets
        self._deleted: set[bytes] = set()
        self._unpurged = self.holds_deleted

    @property
    def where(self) -> str:
        """See `Store`."""
        return str(self.folder)

    @property
    def holds_deleted(self) -> bool:
        """See `Store`; a file says so, since the next process may have to purge what this one has deleted."""
        return self._forgets and (self.folder / UNPURGED).exists()

    def get(self, key: bytes) -> bytes | None:
        """See `Store`; raises DiskFault where the disk cannot be read."""
        return self.get_many([key])[0]

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """See `Store`; raises as `get` does."""
        try:
            return cast(list[bytes | None], self._db.get(cast(Any, keys))) if keys else []
        except Exception as exc:
            if damaged(exc):
                (self.folder / DAMAGED).touch()
            raise DiskFault(f"{self.folder} cannot be read ({exc}): check the disk; what is damaged is built anew at the start") from exc

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """See `Store`."""
        keys: list[bytes] = []
        walk = self._db.iter()
        walk.seek(max(prefix, after + b"\0", FIRST_ROW))
        while walk.valid() and len(keys) < most and (key := cast(bytes, walk.key())).startswith(prefix):
            keys.append(key)
            walk.next()
        return keys

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], stamp: Stamp | None = None) -> None:
        """See `Store`."""
        # One batch: after a crash, a stamp ahead of its rows would have lost them.
        batch = WriteBatch(raw_mode=True)
        for key, value in rows:
            if value is None:
                batch.delete(key)
                if self._forgets:
                    self._deleted.add(key)
            else:
                batch.put(key, value)
        if stamp is not None:
            batch.put(STAMP, encode(stamp))
        # Before the rows are deleted: killed in between, the next process purges once too often rather than never.
        if self._deleted and not self.holds_deleted:
            (self.folder / UNPURGED).touch(mode=0o600)
        self._untouched = False
        self._db.write(batch)
        self.stamp = stamp or self.stamp

    def purge(self) -> None:
        """Rewrite the files that hold deleted rows, RocksDB's log and table of contents included."""
        (deleted, self._deleted), (whole, self._unpurged) = (self._deleted, set()), (self._unpurged, False)
        options = CompactOptions()
        options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
        options.set_exclusive_manual_compaction(False)
        self._db.flush()
        if whole or len(deleted) > MOST_RANGES:
            self._db.compact_range(None, None, options)
        else:
            for key in sorted(deleted):
                self._db.compact_range(key, key + b"\0", options)
        # The table of contents that the compaction began still names the files before it; the next one does not.
        if self.stamp is not None:
            self._db.put(STAMP, encode(self.stamp))
            self._db.flush()
        if not self._deleted:
            (self.folder / UNPURGED).unlink(missing_ok=True)

    def wipe(self) -> None:
        """See `Store`."""
        # To make one takes some 50 ms: a worker that joins others makes all of its disks, and its users wait.
        if self._untouched:
            return
        self._db.close()
        shutil.rmtree(self.folder)
        self._db = self._open()
        self._untouched = True
        self.stamp = None
        self._deleted.clear()
        self._unpurged = False

    def close(self) -> None:
        """See `Store`."""
        self._db.close()

    def _open(self) -> Rdict:
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + LOCK_S
        while True:
            try:
                return Rdict(str(self.folder), _options())
            except Exception as exc:
                if damaged(exc) or disk_full(exc):
                    raise
                # Who holds it may be about to close it, as a partition of ours does that is given up while it opens.
                if "/LOCK:" not in str(exc) or time.monotonic() > deadline:
                    raise DiskFault(f"{self.folder} cannot be opened ({exc}): see who uses it, and that it may be written to") from exc
            time.sleep(LOCK_PAUSE_S)

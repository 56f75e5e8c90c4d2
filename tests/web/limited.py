"""`streamrec` as a careless administrator starts it: few descriptors, and a umask that keeps nothing from anybody."""

from __future__ import annotations

import os
import resource

from streamrec.cli.main import main

DESCRIPTORS = 512

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    os.umask(0)
    main()

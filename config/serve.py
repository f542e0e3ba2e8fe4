"""One web process on a socket that is listening already: `python -m config.serve DESCRIPTOR`.

Several of them may share the socket; requests wait in it while one of them is started again.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

# Open sockets would hold a stop back for ever.
_LAST_SECONDS = 4


def main(descriptor: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        "config.asgi:application",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]))

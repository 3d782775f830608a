"""What the stand-in does to a connection below HTTP: resetting it, and seeing that the client is gone."""

from __future__ import annotations

import socket
import struct
from typing import Any, NoReturn

NO_LINGER = struct.pack("ii", 1, 0)
_SOCKET = "werkzeug.socket"


def find_connection(environ: dict[str, Any]) -> socket.socket | None:
    """Give the connection of a request; None where none is, as in a test client."""
    found = environ.get(_SOCKET)
    return found if isinstance(found, socket.socket) else None


def is_gone(connection: socket.socket | None) -> bool:
    """Tell whether the client has hung up."""
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def reset_connection(connection: socket.socket | None) -> NoReturn:
    """Make the server drop the connection where it is: closing without lingering sends a reset."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    raise ConnectionResetError("reset on purpose")


def shall_reset(connection: socket.socket) -> bool:
    """Tell whether a connection is to be closed without the farewell that TCP sends otherwise."""
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(NO_LINGER)) == NO_LINGER

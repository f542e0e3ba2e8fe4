"""Becomes another program, after asking the kernel to signal it when its parent dies.

Run as a file by path, without packages: `shim.py PARENT SIGNAL PROGRAM [ARGUMENT…]`. The request is made
here and not in the parent, because a change of user on the way clears it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent, signal_number, *command = arguments
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    # The parent may have died before the request was made; then nobody would ever stop this.
    if os.getppid() != int(parent):
        raise SystemExit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

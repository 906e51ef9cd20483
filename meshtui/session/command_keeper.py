"""The parent of a command that answers a tool call: a program of its own, so that nothing outlives meshtui.

Run as `python -I -S command_keeper.py SOCKET LC_CTYPE PROGRAM ARGV…`, with the command's own stdin, stdout, stderr,
folder and environment; `LC_CTYPE` is 1 where the environment has that variable. Over the socket it tells by lines: `+`
when the command has begun, or `!` and the errno that kept it from that; then its exit code, negative for a signal.
When the other end of the socket is shut, because the answer is there, nobody wants it any more, or meshtui is gone in
whatever way, it kills what is left. On Linux that is every process that the command started, also in other sessions;
elsewhere it is the command's process group.

It imports nothing of ours and little else: a command starts as much later as this takes.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` itself is mostly the import of enum
import os
import select
import sys

_SET_CHILD_SUBREAPER = 36
_IS_LINUX = sys.platform == "linux"


def _adopt() -> None:
    """Become the parent of every process whose own one ends, below this one."""
    try:
        import ctypes
    except ImportError:
        return  # a Python built without it reaches the command's own session alone
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _exit_code(child: int) -> int | None:
    """Return how the command ended, None while it runs; it keeps its number, so that nobody else's group is killed."""
    if not hasattr(os, "waitid"):
        pid, status = os.waitpid(child, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None
    found = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None:
        return None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def _children() -> list[int]:
    """Return the processes whose parent this is now."""
    own, found = str(os.getpid()).encode(), []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                facts = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it has just ended
        if facts[1] == own:
            found.append(int(name))
    return found


def _end(child: int) -> None:
    """Kill everything that is left, and wait until it is gone."""
    try:
        os.killpg(child, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nothing of the group is left; what is in others comes now
    while _IS_LINUX and (killed := [pid for pid in _children() if _kill(pid)]):
        for pid in killed:
            os.waitpid(pid, 0)  # what it leaves behind becomes a child of this one


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except PermissionError:
        return False  # it runs as somebody else by now
    return True


def _tell(socket: int, line: str) -> bool:
    try:
        os.write(socket, f"{line}\n".encode())
    except OSError:
        pass  # nobody listens any more, which is seen next
    return True


def main() -> None:
    """Start the command, tell of its end, and end what is left when nobody listens any more."""
    socket, has_locale = int(sys.argv[1]), sys.argv[2] == "1"
    os.set_inheritable(socket, False)
    if not has_locale:
        os.environ.pop("LC_CTYPE", None)  # Python itself puts it in where there is no locale
    if _IS_LINUX:
        _adopt()
    ends, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    try:
        restored = [signal.SIGPIPE, signal.SIGXFSZ]
        child = os.posix_spawn(sys.argv[3], sys.argv[4:], os.environ, setsid=True, setsigdef=restored)
    except OSError as error:
        _tell(socket, f"!{error.errno}")
        return
    _tell(socket, "+")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)  # the pipes are the command's alone: their ends say that it closed them
    told = False
    while socket not in select.select([socket] if told else [socket, ends], [], [])[0]:
        os.read(ends, 4096)
        code = _exit_code(child)
        if code is not None:
            told = _tell(socket, str(code))
    _end(child)


if __name__ == "__main__":
    main()
    os._exit(0)  # what a Python does at its end would only be waited for

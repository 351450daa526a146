"""Run one server and end it when stdin closes. A script: `python -I -S guard.py GRACE_SECONDS ARGV...`.

No server may outlive the process that asked for it, not even when that process is killed with SIGKILL and
runs no clean-up. The kernel closes its pipes in every case, so a closed pipe is the signal. The alternative,
PR_SET_PDEATHSIG in the server itself, fires when the *thread* that forked ends, so a server started from a
worker thread would die with that thread; and nobody would be left to insist when SIGTERM is not enough.

The guard has a single thread, which makes PDEATHSIG safe one level down: should the guard itself be killed,
the server goes with it. The server's pid is printed on stdout; its output goes to the guard's stderr.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def die_with(guard: int) -> None:
    """Run in the child before exec: SIGKILL me when the guard is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:  # it died before prctl
            os._exit(1)


def wait_for_end(server: "subprocess.Popen[bytes]", child_ended: int) -> None:
    """Return when stdin is at its end or the server has ended."""
    while server.poll() is None:
        readable, _, _ = select.select([0, child_ended], [], [])
        if 0 in readable and not os.read(0, 1):
            return
        if child_ended in readable:
            os.read(child_ended, 64)


def end(server: "subprocess.Popen[bytes]", grace: float) -> int:
    """Ask the server to close its data, insist after `grace` seconds, return its exit code (128 + signal)."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        server.send_signal(signal.SIGCONT)  # a paused server would never see it
        try:
            server.wait(grace)
        except subprocess.TimeoutExpired:
            server.kill()
    code = server.wait()
    return code if code >= 0 else 128 - code


def main(grace: float, argv: list[str]) -> int:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end)
    # Handlers and not SIG_IGN: an ignored signal would stay ignored in the server. A service manager signals
    # every process of a group at once, and the guard has to outlive the server.
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    guard = os.getpid()
    server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=2, preexec_fn=lambda: die_with(guard))  # noqa: PLW1509 - one thread here
    os.write(1, b"%d\n" % server.pid)
    os.close(1)
    wait_for_end(server, read_end)
    return end(server, grace)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))

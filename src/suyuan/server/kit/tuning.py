"""The embedded server's configuration, sized to the machine and to bulk loads."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from suyuan.server.kit.account import Account
from suyuan.server.kit.binaries import Binaries

_MIB = 1 << 20
_SMALL_SHM_BYTES = 1 << 30  # containers give /dev/shm 64 MiB, too little for parallel hash joins


def configuration(sockets: Path, programs: Binaries, account: Account, overrides: Mapping[str, str]) -> str:
    """Text of `postgresql.conf`; `overrides` go before ours. Durability is never traded for speed."""
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
    lz4 = _has_lz4(programs, account)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": f"{min(512, max(128, memory_mib // 8))}MB",
        "effective_cache_size": f"{memory_mib // 2}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "lz4" if lz4 else "on",
        "default_toast_compression": "lz4" if lz4 else "pglz",
        "max_locks_per_transaction": "512",
        "jit": "off",
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_min_messages": "warning",
        "dynamic_shared_memory_type": _shared_memory(),
        **overrides,
    }
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def _has_lz4(programs: Binaries, account: Account) -> bool:
    """Whether these programs were built with lz4; they check a setting before they print it.

    The question is asked about a folder that does not exist on purpose: an unsupported value is
    named before the folder is missed.
    """
    command = [programs.program("postgres"), "-C", "wal_compression", "-c", "wal_compression=lz4", "-D", "/nonexistent"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=account.user if account.switch else None,
        group=account.group if account.switch else None,
    )
    return "invalid value" not in done.stderr


def _shared_memory() -> str:
    try:
        space = os.statvfs("/dev/shm")  # noqa: S108  nothing is written there
    except OSError:
        return "mmap"
    return "posix" if space.f_frsize * space.f_blocks >= _SMALL_SHM_BYTES else "sysv"

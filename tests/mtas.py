"""Real mail servers that take our letters: Debian's Postfix and Exim, never installed.

Each runs on loopback with settings, queue and log of its own, hands what it takes on to a
server of the test, and brings back what it has to say to the return path by LMTP.
"""

import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mailservers import MissingServerError, program

_USER = "daemon"
_QUEUE = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
    "maildrop", "pid", "private", "public", "saved", "trace",
)  # fmt: skip

_MAIN_CF = """\
compatibility_level = 3.6
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
export_environment = MAIL_CONFIG LD_LIBRARY_PATH
config_directory = {home}/etc
meta_directory = {home}/etc
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = no
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
mail_owner = {user}
setgid_group = mail
default_privs = nobody
myhostname = {name}
mydestination =
recipient_delimiter = +
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtputf8_enable = no
smtpd_discard_ehlo_keywords = dsn
relay_domains =
transport_maps = inline:{{ {routes} }}
smtp_host_lookup = native
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
local_recipient_maps =
alias_maps =
alias_database =
delay_warning_time = {warns_after_s}s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
"""

_MAILDIRS = """\
virtual_mailbox_base = /
virtual_mailbox_domains = inline:{{ {domains} }}
virtual_mailbox_maps = inline:{{ {maildirs} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""

_MASTER_CF = """\
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_EXIM = """\
exim_path = {path}
spool_directory = {home}/spool
log_file_path = {home}/log-%slog
pid_file_path = {home}/pid
primary_hostname = relay.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
domainlist ours = {bounce_domain}
never_users =
deliver_drop_privilege = true
exim_user = {user}
exim_group = {group}
tls_advertise_hosts =
keep_environment =
dns_again_means_nonexist = *
delay_warning = 1s:1d
delay_warning_condition = true
queue_run_in_order
rfc1413_hosts =
prdr_enable = false
chunking_advertise_hosts =
acl_smtp_rcpt = accept

begin routers
returns:
  driver = manualroute
  domains = +ours
  route_list = * 127.0.0.1 byname
  transport = returns
  self = send
nowhere:
  driver = manualroute
  domains = nowhere.example
  route_list = * nowhere.example byname
  host_find_failed = decline
  no_more
  transport = onward
onward:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  transport = onward
  self = send

begin transports
returns:
  driver = smtp
  protocol = lmtp
  port = {lmtp_port}
  allow_localhost
  hosts_try_fastopen =
onward:
  driver = smtp
  port = {next_port}
  allow_localhost
  hosts_avoid_tls = *
  hosts_try_fastopen =

begin retry
* * F,1h,1s
"""


@dataclass(frozen=True)
class Places:
    """Where a server's mail goes.

    Args:
        next_port: Of the server that it hands letters on to.
        lmtp_port: Of our own listener.
        bounce_domain: Whose mail is for our listener.
        maildirs: Where Postfix itself puts a domain's mail: into its owner's Maildir.
        port: Its own; 0 for one that is free.
        name: How it greets; two servers that talk to each other need two names.
        warns_after_s: When Postfix tells the sender of a delay; 0 for never.
    """

    next_port: int
    lmtp_port: int
    bounce_domain: str
    maildirs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    port: int = 0
    name: str = "relay.example"
    warns_after_s: int = 1


@dataclass
class Mta:
    """A mail server that runs."""

    port: int
    home: Path

    @property
    def log(self) -> str:
        """What it wrote down."""
        files = sorted(self.home.glob("log*"))
        return "\n".join(file.read_text(errors="replace") for file in files)


@contextmanager
def _home(name: str) -> Generator[Path, None, None]:
    # pytest's own folder may be entered by this user only.
    made = tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True)
    with made as folder:
        home = Path(folder)
        home.chmod(0o755)
        yield home


@contextmanager
def postfix(places: Places) -> Generator[Mta, None, None]:
    """Run a Postfix that takes everything and hands it on.

    Raises:
        MissingServerError: when it could not be fetched, or this user may not run it.
    """
    if os.geteuid() != 0:
        raise MissingServerError(
            "Postfix's master runs as root only: run this test as root"
        )
    smtpd = program("smtpd", "postfix")
    root = Path(smtpd.path).parents[4]
    with _home("postfix") as home:
        port = places.port or _free_port()
        _postfix_home(home, root, port, places)
        with (home / "log-master").open("wb") as log:
            run = subprocess.Popen(
                [root / "usr/lib/postfix/sbin/master", "-c", home / "etc", "-d"],
                env={**smtpd.env, "MAIL_CONFIG": str(home / "etc")},
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        with _running(run, Mta(port, home)) as mta:
            yield mta


def _postfix_home(home: Path, root: Path, port: int, places: Places) -> None:
    here = f"smtp:[127.0.0.1]:{places.next_port}"
    routes = {
        places.bounce_domain: f"lmtp:inet:127.0.0.1:{places.lmtp_port}",
        "nowhere.example": "smtp:[nowhere.example]",
        "*": here,
    }
    routes |= dict.fromkeys(places.maildirs, "virtual:")
    facts = {
        "home": home, "root": root, "user": _USER, "name": places.name,
        "routes": _inline(routes), "warns_after_s": places.warns_after_s,
    }  # fmt: skip
    etc = home / "etc"
    for folder in (etc, home / "data", home / "queue"):
        folder.mkdir()
    main = _MAIN_CF.format(**facts) + _maildirs(places.maildirs)
    (etc / "main.cf").write_text(main)
    (etc / "master.cf").write_text(_MASTER_CF.format(port=port))
    owner = pwd.getpwnam(_USER)
    for name in _QUEUE:
        (home / "queue" / name).mkdir()
        os.chown(home / "queue" / name, owner.pw_uid, -1)
    os.chown(home / "queue/pid", 0, -1)
    os.chown(home / "data", owner.pw_uid, -1)


def _maildirs(maildirs: Mapping[str, Path]) -> str:
    """Write how mail gets into Maildirs; a table without a line is none to Postfix."""
    if not maildirs:
        return ""
    owner = next(iter(maildirs.values())).stat()
    return _MAILDIRS.format(
        domains=_inline(dict.fromkeys(maildirs, "here")),
        maildirs=_inline({f"@{domain}": f"{one}/" for domain, one in maildirs.items()}),
        uid=owner.st_uid,
        gid=owner.st_gid,
    )


def _inline(table: Mapping[str, str]) -> str:
    return ", ".join(f"{{ {key} = {value} }}" for key, value in table.items())


@contextmanager
def exim(places: Places) -> Generator[Mta, None, None]:
    """Run an Exim that takes everything and hands it on.

    Raises:
        MissingServerError: when it could not be fetched.
    """
    found = program("exim4", "exim4-daemon-light")
    with _home("exim") as home:
        port, path = _free_port(), _for_anybody(Path(found.path))
        owner = pwd.getpwnam(_USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())[0])
        facts = {
            "path": home / "exim", "home": home, "port": port, "user": owner.pw_uid,
            "group": owner.pw_gid, "next_port": places.next_port,
            "lmtp_port": places.lmtp_port, "bounce_domain": places.bounce_domain,
        }  # fmt: skip
        # It starts itself again for each message, without its environment.
        libraries = found.env.get("LD_LIBRARY_PATH", "")
        script = f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{path}" "$@"\n'
        (home / "exim").write_text(script)
        (home / "exim").chmod(0o755)
        config = home / "exim.conf"
        config.write_text(_EXIM.format(**facts))
        os.chown(home, owner.pw_uid, owner.pw_gid)
        with (home / "log-daemon").open("wb") as log:
            run = subprocess.Popen(
                [path, "-C", config, "-bdf", "-q1s"],
                env=dict(found.env),
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        with _running(run, Mta(port, home)) as mta:
            yield mta


def _for_anybody(path: Path) -> Path:
    """Return an Exim that does not ask for a user who is only where it is installed."""
    raw, wanted = path.read_bytes(), b"\0Debian-exim\0"
    if wanted not in raw or _has_user("Debian-exim"):
        return path
    ours = path.with_name("exim4-as-daemon")
    if not ours.exists():
        part = path.with_name(f"exim4-{os.getpid()}")
        part.write_bytes(raw.replace(wanted, b"\0daemon\0\0\0\0\0\0"))
        part.chmod(0o755)  # Without setuid: it would not find its libraries.
        part.rename(ours)
    return ours


def _has_user(name: str) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


@contextmanager
def _running(run: subprocess.Popen[bytes], mta: Mta) -> Generator[Mta, None, None]:
    try:
        for _ in range(200):
            assert run.poll() is None, mta.log
            try:
                socket.create_connection(("127.0.0.1", mta.port), 5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield mta
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            run.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])

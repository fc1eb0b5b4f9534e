"""A real Dovecot on loopback: Debian's, kept in `.servers/`, never installed."""

import base64
import getpass
import grp
import hashlib
import hmac
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailservers import alone, unpacked
from ports import free_port

PASSWORD = "pass-word"
_BUILT_IN = b"/usr/lib/dovecot"
"""Where Debian's programs look for their parts, wherever they are themselves."""

_CONFIG = """\
base_dir = {home}/base
libexec_dir = {programs}
login_plugin_dir = {programs}/modules/login
mail_plugin_dir = {programs}/modules
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_process_limit = 10
default_vsz_limit = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%u
}}
mail_location = maildir:~/Maildir
mailbox_list_index = no
first_valid_uid = 1
"""

_OAUTH2 = """\
introspection_mode = local
username_attribute = sub
local_validation_key_dict = fs:posix:prefix={home}/keys/
"""
TOKEN_KEY = b"what tokens are signed with in tests"


def token(user: str, *, until: float) -> str:
    """Return an access token of a user's, as a JSON Web Token (RFC 7519)."""
    facts = {"sub": user, "iat": int(time.time()) - 60, "exp": int(until)}
    parts = [_encoded({"alg": "HS256", "typ": "JWT"}), _encoded(facts)]
    mac = hmac.new(TOKEN_KEY, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, _in_base64(mac)]).decode()


def _encoded(value: object) -> bytes:
    return _in_base64(json.dumps(value).encode())


def _in_base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@dataclass
class Dovecot:
    """A server that runs.

    Args:
        port: With STARTTLS when it has a certificate.
        tls_port: With TLS from the first byte.
    """

    home: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes]

    def maildir(self, user: str) -> Path:
        """Return where a user's mail is."""
        return self.home / "mail" / user / "Maildir"

    def put(self, user: str, *raws: bytes) -> None:
        """Deliver messages into a user's mailbox, as a mail server does."""
        folder = self.maildir(user)
        who = pwd.getpwnam(_user())
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for path in (folder.parent, folder, *folder.iterdir()):
            os.chown(path, who.pw_uid, who.pw_gid)
        for raw in raws:
            name = f"{time.time():.6f}.{secrets.token_hex(4)}.test"
            file = folder / "tmp" / name
            file.write_bytes(raw)
            os.chown(file, who.pw_uid, who.pw_gid)
            file.rename(folder / "new" / name)

    def forget_numbers(self, user: str) -> None:
        """Give a user's messages other UIDs under another UIDVALIDITY."""
        for file in self.maildir(user).glob("dovecot*"):
            file.unlink()
        numbers = self.maildir(user) / "dovecot-uidlist"
        numbers.write_text(f"3 V12345 N1 G{secrets.token_hex(16)}\n")
        who = pwd.getpwnam(_user())
        os.chown(numbers, who.pw_uid, who.pw_gid)

    def drop_lines(self) -> None:
        """Cut the connection of everybody who is logged in."""
        # Each is a child of the master; what it dies of is nobody's business.
        listed = subprocess.run(
            ["pgrep", "-x", "-P", str(self.process.pid), "imap"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for pid in listed.stdout.split():
            os.kill(int(pid), signal.SIGKILL)


def _user() -> str:
    # Dovecot reads no mail as root.
    return "nobody" if os.geteuid() == 0 else getpass.getuser()


@contextmanager
def dovecot(certificate: Path | None = None) -> Generator[Dovecot, None, None]:
    """Run a server in which every user exists; it has TLS when there is a certificate.

    Args:
        certificate: A PEM file with certificate and key.

    Raises:
        MissingServerError: when it could not be fetched.
    """
    root = unpacked("dovecot-core", "dovecot-imapd")
    with alone("dovecot-core"):
        programs = _with_its_parts(root)
    # pytest's own folder may be entered by this user only.
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)
        (home / "mail").mkdir()
        user = pwd.getpwnam(_user())
        os.chown(home / "mail", user.pw_uid, user.pw_gid)
        ports = (free_port(), free_port() if certificate else 0)
        facts = {
            "home": home, "programs": programs, "user": _user(), "password": PASSWORD,
            "group": grp.getgrgid(user.pw_gid).gr_name,
            "port": ports[0], "tls_port": ports[1],
            "ssl": "yes" if certificate else "no", "certificate": "",
        }  # fmt: skip
        if certificate is not None:
            shutil.copy(certificate, home / "certificate.pem")
            path = f"<{home}/certificate.pem"
            facts["certificate"] = f"ssl_cert = {path}\nssl_key = {path}"
        keys = home / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(base64.b64encode(TOKEN_KEY))
        (home / "oauth2.conf").write_text(_OAUTH2.format(home=home))
        (home / "dovecot.conf").write_text(_CONFIG.format(**facts))
        process = _start(root, home)
        try:
            _until_it_listens(ports[0], home)
            yield Dovecot(home, *ports, process)
        finally:
            process.terminate()
            process.wait(20)


def _start(root: Path, home: Path) -> subprocess.Popen[bytes]:
    folders = {str(file.parent) for file in (root / "usr/lib").rglob("*.so*")}
    env = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": os.pathsep.join(sorted(folders)),
        "DOVECOT_PRESERVE_ENVS": "LD_LIBRARY_PATH",
    }
    config, program = str(home / "dovecot.conf"), str(root / "usr/sbin/dovecot")
    # What `dovecot` does first, were it installed: it has its settings read for it.
    return subprocess.Popen(
        [root / "usr/bin/doveconf", "-c", config, "-e", program, "-F", "-c", config],
        env=env, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _with_its_parts(root: Path) -> Path:
    """Let the programs find their parts: under a path as long as the one they have."""
    programs = root / "usr/lib/dovecot"
    mark = root / "found-by"
    if not mark.exists():
        for number in range(1000):
            path = Path(f"/tmp/dovecot-{number:03d}")
            try:
                path.symlink_to(programs)
            except FileExistsError:
                continue
            break
        for file in sorted((root / "usr").rglob("*")):
            if file.is_file() and not file.is_symlink():
                raw = file.read_bytes()
                if raw.startswith(b"\x7fELF") and _BUILT_IN in raw:
                    file.write_bytes(raw.replace(_BUILT_IN, str(path).encode()))
        mark.write_text(str(path))
    path = Path(mark.read_text())
    if not path.is_symlink():
        path.symlink_to(programs)
    return programs


def _until_it_listens(port: int, home: Path) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log = home / "log"
    raise AssertionError(log.read_text() if log.exists() else "Dovecot did not start")

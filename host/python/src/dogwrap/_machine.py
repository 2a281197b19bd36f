"""What the machine says of its own name: files of Datadog's agents, the resolver, the kernel."""

from __future__ import annotations

import functools
import os
import socket
from typing import NamedTuple

from . import _rules
from ._patience import within
from ._text import clean

# The agent's configuration up to version 5, and from version 6.
_DATADOG_CONF = "/etc/dd-agent/datadog.conf"
_DATADOG_YAML = "/etc/datadog-agent/datadog.yaml"

# How much of a configuration is read, in bytes. The agent's own template has about 200 KB.
_MAXIMUM_CONFIGURATION = 1024 * 1024

# How long the resolver is waited for, in seconds.
_RESOLVER_TIMEOUT = 1.0


@functools.cache
def host_name() -> str | None:
    """The name of this machine, as Datadog knows it. Looked up once, which takes a second at most."""
    told = _Told(clean(os.environ.get("DD_HOSTNAME", "")) or None, _read(_DATADOG_CONF), _read(_DATADOG_YAML))
    name = _rules.host_name(*told, canonical_name=None, host_name=None)
    # Nobody is asked who would not be believed.
    return name or _rules.host_name(*told, canonical_name=_canonical_name(), host_name=clean(socket.gethostname()))


class _Told(NamedTuple):
    """What somebody has set, which comes before what the machine says."""

    environment: str | None
    datadog_conf: str | None
    datadog_yaml: str | None


def _canonical_name() -> str | None:
    try:
        return clean(within(_RESOLVER_TIMEOUT, socket.getfqdn))
    except OSError:
        return None


def _read(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read(_MAXIMUM_CONFIGURATION).decode(errors="replace")
    except OSError:
        return None

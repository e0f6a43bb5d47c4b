"""How many descriptors this process may have. It must not know what they are for."""

from __future__ import annotations


def raise_limit() -> tuple[int, int]:
    """Raise the soft limit of open descriptors to the hard one; (soft, hard) as they are now, (0, 0) unknown.

    The soft limit is often 1,024 for the sake of old programs that use select(); only those models mind.
    """
    try:
        import resource
    except ImportError:  # not a UNIX
        return 0, 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        wanted = hard if hard != resource.RLIM_INFINITY else 1 << 20
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            pass  # macOS refuses large numbers; the old limit does for all but the largest tests
    return resource.getrlimit(resource.RLIMIT_NOFILE)

# Sourced by ./run and ./test: sets $python to an interpreter that is new enough, or says how to get one.
# POSIX sh only; everything after this is standard-library Python.

# A developer's interpreter settings are not ours: they must not change what is installed or tested.
unset PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS PYTHONDONTWRITEBYTECODE \
    PYTHONNOUSERSITE PYTHONPLATLIBDIR PYTHONPYCACHEPREFIX PYTHONINSPECT __PYVENV_LAUNCHER__

# Started with a standard stream closed: pip does not expect that.
{ true 3<&0; } 2>/dev/null || exec </dev/null
{ true 3>&1; } 2>/dev/null || exec >/dev/null
(exec 3>&2) || exec 2>/dev/null

python=
found=
for candidate in ${NETLAB_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$path
        break
    fi
    found="$found  $candidate is $("$path" --version 2>&1 | head -n 1) ($path)
"
done

if [ -z "$python" ]; then
    {
        echo "NetLab needs Python 3.11 or newer, and there is none on the PATH."
        printf '%s' "$found"
        echo "Debian 12, Ubuntu 24.04 and later have it:"
        echo "  sudo apt-get install -y --no-install-recommends python3 python3-venv"
        echo "Elsewhere: https://www.python.org/downloads/ or  uv python install 3.13  and then"
        echo "  NETLAB_PYTHON=/path/to/python3.13 $0"
    } >&2
    exit 1
fi

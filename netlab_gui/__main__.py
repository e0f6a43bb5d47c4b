"""`python -m netlab_gui` is `netlab`."""

import sys

from netlab_gui.cli import main

sys.exit(main())

"""python -m tth.testing.simulator"""

from __future__ import annotations

import sys

from tth.testing.simulator.run import main

if __name__ == "__main__":
    sys.exit(main())

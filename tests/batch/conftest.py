"""Makes the packed deliveries importable for the tests beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lms"))  # importlib mode gives tests no package

"""How the documentation is built; the pages in generated/ are written from the program's own tables."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs import tables
from suyuan import __version__

project = "Suyuan 溯源"
author = "the Suyuan maintainers"
copyright = "2026, the Suyuan maintainers"
version = release = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "decisions/template.md"]
html_theme = "furo"
html_title = f"Suyuan 溯源 {release}"
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Write the generated pages before the sources are read."""
    app.connect("builder-inited", lambda app: tables.write(Path(app.srcdir) / "generated"))

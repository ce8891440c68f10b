"""The browser's libraries, copied from what npm installed by lock file to the folder we serve ourselves."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent

VENDOR = _ROOT / "web" / "static" / "vendor"
"""Where pages find them, as `/static/vendor/...`; not in git."""

FILES = {
    "maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "maplibre-gl.LICENSE.txt": "maplibre-gl/LICENSE.txt",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.esm.min.js": "htmx.org/dist/htmx.esm.min.js",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
    "terra-draw.js": "terra-draw/dist/terra-draw.modern.js",
    "terra-draw-maplibre-gl-adapter.js": "terra-draw-maplibre-gl-adapter/dist/terra-draw-maplibre-gl-adapter.modern.js",
    "h3-js.js": "h3-js/dist/browser/h3-js.es.js",
    "h3-js.LICENSE.txt": "h3-js/LICENSE",
    "leaflet.js": "leaflet/dist/leaflet.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet.LICENSE.txt": "leaflet/LICENSE",
}
"""Name in our folder -> file below `node_modules`. MapLibre finds its worker beside itself."""


def gather(packages: Path, vendor: Path) -> None:
    """Copy every file of FILES from the folder `packages` (npm's `node_modules`) into `vendor`.

    Raises
    ------
    FileNotFoundError
        A package is missing or has renamed its file; nothing is half-replaced before that file.
    """
    vendor.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        fresh = vendor / f".{name}"
        shutil.copyfile(packages / source, fresh)
        fresh.replace(vendor / name)


if __name__ == "__main__":
    gather(Path(sys.argv[1]) if len(sys.argv) > 1 else _ROOT / "node_modules", VENDOR)

"""Minifying leaves our scripts what they are: ``python -m tests.minified``.

The minifier reads JavaScript by patterns and can mistake a nested template, say. esbuild parses it, and must
make the same of both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from config.storage import minified

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / "static" / "chat"
ESBUILD = ROOT / "static" / "vendor" / "node_modules" / ".bin" / "esbuild"


def main() -> None:
    names = sorted(path.relative_to(OURS) for path in OURS.rglob("*.js"))
    with tempfile.TemporaryDirectory() as folder:
        ours, small = Path(folder, "ours"), Path(folder, "small")
        for name in names:
            source = (OURS / name).read_bytes()
            for path, text in ((ours / name, source), (small / name, minified(str(name), source))):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
        meant, made = compiled(ours, names), compiled(small, names)
    different = [str(name) for name in names if meant[name] != made[name]]
    sys.exit(f"minified, these are other programs: {', '.join(different)}" if different else 0)


def compiled(folder: Path, names: list[Path]) -> dict[Path, str]:
    out = folder / "compiled"
    options = ["--minify", "--log-level=error", f"--outdir={out}", f"--outbase={folder}"]
    subprocess.run([ESBUILD, *options, *(folder / name for name in names)], check=True)
    return {name: (out / name).read_text() for name in names}


if __name__ == "__main__":
    main()

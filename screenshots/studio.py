"""Takes the pictures: each scene in an application and on a sandbox of its own, compared or written."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

from meshtui.cli.surroundings import for_demo, look_around
from meshtui.cli.workbench import application
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session
from screenshots.picture import FOLDER, digest, drawn_from, png_of, portable, rows_of
from screenshots.scenes import SCENES, Scene, Stage
from screenshots.still import Pace, for_ever

GALLERY = FOLDER.parent / "docs" / "pictures.md"


async def played(scene: Scene, home: Path) -> dict[str, str]:
    """Play a scene on a sandbox and in a home folder of its own; return its pictures by name, as SVG."""
    with Sandbox(Settings(speed=scene.speed, clock=time.time)) as box:
        here = for_demo(look_around(argparse.Namespace(home=str(home)), {}, may_ask=True), box.url)
        pace = Pace()

        def start() -> Session:
            target = replace(here.target(), base_url="the sandbox", model=scene.model, demo=True)
            return here.session(target, now=pace.now, clock=pace.clock, sleep=for_ever)

        app = application(here._replace(settings=here.settings._replace(model=scene.model)), start)
        app.animation_level = "none"
        async with app.run_test(size=scene.views[0].size, notifications=True):
            stage = Stage(app)
            await stage.opened()
            await scene.play(stage)
            pictures = {}
            for view in scene.views:
                pictures[view.name] = portable(await stage.picture(view), box.state.port)
            app.leave()
        await stage.session.aclose()
    return pictures


def taken(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and the SVGs of the pictures asked for, of all where none is named."""
    for scene in SCENES:
        wanted = [view for view in scene.views if not names or view.name in names]
        if wanted:
            with tempfile.TemporaryDirectory() as folder:
                yield from asyncio.run(played(replace(scene, views=tuple(wanted)), Path(folder) / "home")).items()


def gallery() -> str:
    """Return the page that shows every picture."""
    lines = ["# Pictures", "", "Taken from the demo by `make shots`; each is there as SVG and as PNG.", ""]
    for scene in SCENES:
        lines += [f"## {scene.says}", ""]
        for view in scene.views:
            width, height = view.size
            theme = "" if view.theme == "mesh-dark" else f", {view.theme}"
            file = f"../screenshots/{view.name}"
            lines += [f"{width}×{height}{theme} ([PNG]({file}.png))", "", f"![{scene.says}]({file}.svg)", ""]
    return "\n".join(lines)


def check(names: list[str]) -> int:
    """Say which pictures are not what the program shows now; return 1 where there are such."""
    stale = 0
    if not GALLERY.is_file() or GALLERY.read_text(encoding="utf-8") != gallery():
        stale = 1
        print(f"{GALLERY.name} is stale: `make shots` renews it")
    for name, svg in taken(names):
        path = FOLDER / f"{name}.svg"
        kept = path.read_text(encoding="utf-8") if path.is_file() else ""
        if kept != svg:
            stale = 1
            print(f"{path.name} is stale: `make shots` renews it")
            lines = unified_diff(rows_of(kept), rows_of(svg), path.name, "now", n=0, lineterm="")
            print("\n".join(lines) or "only looks differ")
        else:
            png = path.with_suffix(".png")
            if not png.is_file() or drawn_from(png.read_bytes()) != digest(svg):
                stale = 1
                print(f"{png.name} was not drawn from {path.name}: `make shots` renews it")
    return stale


def take(names: list[str]) -> int:
    """Write the pictures that changed, and the page that shows them; put away those that no scene has any more."""
    GALLERY.write_text(gallery(), encoding="utf-8")
    known = {view.name for scene in SCENES for view in scene.views}
    for path in (*FOLDER.glob("*.svg"), *FOLDER.glob("*.png")):
        if path.stem not in known:
            path.unlink()
            print(f"screenshots/{path.name} is gone")
    for name, svg in taken(names):
        path = FOLDER / f"{name}.svg"
        png = path.with_suffix(".png")
        if path.is_file() and path.read_text(encoding="utf-8") == svg and png.is_file():
            if drawn_from(png.read_bytes()) == digest(svg):
                continue
        path.write_text(svg, encoding="utf-8")
        png.write_bytes(png_of(svg))
        print(f"screenshots/{name}.svg, .png")
    return 0


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m screenshots", description="Take every picture.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true", help="compare them with those that are kept")
    arguments = parser.parse_args()
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    return check(arguments.names) if arguments.check else take(arguments.names)

"""The page in a real browser: the picture, keys, the end, and where its requests go."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, async_playwright

from playground.company import Role
from playground.serve.front import Front
from tests.serve.web_lab import DEADLINE_S, Served, SharedEcho, serving, until
from widgets.palette import Look, Theme, hex_of
from widgets.shapes import Tone

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
COLOURS = """(rows) => {
  // How many points of each colour (as #rrggbb) stand in the first rows of cells of the terminal.
  const found = {};
  for (const canvas of document.querySelectorAll(".xterm-screen canvas")) {
    const context = canvas.getContext("2d");
    if (!context) continue;
    const points = context.getImageData(0, 0, canvas.width, rows * 18).data;
    for (let at = 0; at < points.length; at += 4) {
      if (points[at + 3] < 255) continue;
      const colour = [0, 1, 2].map((part) => points[at + part].toString(16).padStart(2, "0")).join("");
      found[colour] = (found[colour] || 0) + 1;
    }
  }
  return found;
}"""
WARN = hex_of(Look(theme=Theme.DARK).tone(Tone.WARN)).removeprefix("#")


class Browsed:
    """A page, what it asked for, and what the browser complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(DEADLINE_S * 1_000)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    async def shown(self, *, paused: bool) -> None:
        """Until the header says so, in the colour of what deserves attention."""
        async with asyncio.timeout(DEADLINE_S):
            while bool((await self.page.evaluate(COLOURS, 1)).get(WARN, 0) > 40) is not paused:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def browsing(width: int = 900, height: int = 600) -> AsyncIterator[Browsed]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield Browsed(await browser.new_page(viewport={"width": width, "height": height}))
        await browser.close()


def _only(served: Served, browsed: Browsed) -> None:
    """All requests went to our own port."""
    assert {urlsplit(url).netloc for url in browsed.asked} == {f"127.0.0.1:{served.port}"}
    assert any(url.startswith("ws:") for url in browsed.asked)


@pytest.mark.parametrize(("width", "height"), [(1600, 1000)])
def test_the_app_is_drawn_and_obeys_a_key(width: int, height: int, tmp_path: Path) -> None:
    async def look() -> None:
        async with serving(front=Front) as served, browsing(width, height) as browsed:
            page = browsed.page
            await page.goto(f"{served.url}?name=anna")
            async with asyncio.timeout(DEADLINE_S):
                while len(await page.evaluate(COLOURS, 30)) < 50:  # the ring has edges of many colours
                    await asyncio.sleep(0.05)
            assert await page.title() == "chaos playground"
            await browsed.shown(paused=False)
            await page.keyboard.press("Space")
            await browsed.shown(paused=True)
            await page.keyboard.press("Space")
            await browsed.shown(paused=False)
            await page.screenshot(path=Path(os.environ.get("PLAYGROUND_SCREENSHOTS", tmp_path)) / f"web-{width}.png")
            faces = await page.evaluate("[...document.fonts].map(each => each.status)")
            assert faces == ["loaded"] * 4
            roomy = await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
            assert roomy
            await page.keyboard.press("q")
            await page.wait_for_selector("body.-closed")
            assert await page.text_content("#says") == "You have left the playground."
            assert browsed.complaints == []
            _only(served, browsed)
            await until(lambda: ": quit" in served.log)

    asyncio.run(look())


def test_a_link_opens_the_page_and_leaves_nothing_in_the_address_bar() -> None:
    async def look() -> None:
        async with serving(front=SharedEcho, guests=Role.SPECTATOR, open_to_all=False) as served, browsing() as browsed:
            page = browsed.page
            await page.goto(f"{served.url}?name=mia&ping=http://evil.example/&delay=1#key={served.links.presenter}")
            await until(lambda: "mia came as presenter" in served.log)
            assert page.url == f"{served.url}?name=mia"
            await page.reload()
            await until(lambda: served.log.count("mia came as presenter") == 2)
            await page.goto(f"{served.url}?name=eve#key=guess")
            await page.wait_for_selector("body.-closed")
            assert await page.text_content("#says") == "this link opens nothing, or not any more"
            await page.click("#again")  # without that link
            async with asyncio.timeout(DEADLINE_S):
                while await page.text_content("#says") != "one comes in by a link only":
                    await asyncio.sleep(0.05)
            assert browsed.complaints == []
            _only(served, browsed)
            assert not any(served.links.presenter in url.partition("#")[0] for url in browsed.asked)

    asyncio.run(look())


def test_keys_paste_and_size_arrive_and_the_end_is_told_with_a_way_back() -> None:
    async def look() -> None:
        async with browsing() as browsed:
            page = browsed.page
            heard: list[str] = []
            async with serving() as served:
                page.on("websocket", lambda socket: socket.on("framesent", lambda data: heard.append(str(data))))
                await page.goto(f"{served.url}?name=anna&fontsize=20")
                await until(lambda: any('"enter"' in each for each in heard))
                await page.wait_for_selector("body.-first-byte")
                assert '"width":75,' in heard[1].replace(" ", "")  # 900 points, 12 for each cell
                await page.keyboard.press("ArrowUp")
                await page.keyboard.type("é")
                await until(lambda: '["stdin","\\u001b[A"]' in heard and '["stdin","é"]' in heard)
                await page.set_viewport_size({"width": 1200, "height": 600})
                await until(lambda: any('"width":100' in each for each in heard))
                paste = "navigator.clipboard && document.querySelector('.xterm-helper-textarea').dispatchEvent(%s)"
                event = "new ClipboardEvent('paste', {clipboardData: (() => {const d = new DataTransfer();"
                event += " d.setData('text/plain', 'pasted'); return d;})(), bubbles: true})"
                await page.evaluate(paste % event)
                await until(lambda: '["stdin","pasted"]' in heard)
                small: list[str] = []
                browser = page.context.browser
                assert browser is not None
                telephone = await browser.new_page(viewport={"width": 360, "height": 640})
                telephone.on("websocket", lambda socket: socket.on("framesent", lambda data: small.append(str(data))))
                await telephone.goto(served.url)
                await until(lambda: len(small) > 1)
                assert json.loads(small[1])[1]["width"] >= 60, "there is room for the picture"
            await page.wait_for_selector("body.-closed")
            assert await page.text_content("#says") == "the playground closes; thank you for coming"
            assert await page.is_visible("#again")

    asyncio.run(look())

"""Takes the pictures of the README from a running demo: `python docs/pictures.py http://127.0.0.1:8080`.

Needs Debian's chromium, fonts-noto-cjk, fonts-crosextra-caladea and webp.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
LOOKS = (
    ("light", {"width": 1440, "height": 900}),
    ("dark", {"width": 360, "height": 720}),
)


def take_pictures(address: str) -> None:
    """Take the five main pages, wide by day and narrow by night."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme, size in LOOKS:
            context = browser.new_context(
                base_url=address, color_scheme=scheme, viewport=size, locale="en-US"
            )
            page = context.new_page()
            for name, path in find_pages(page).items():
                page.goto(path)
                if name == "index":
                    fill_basket(page, size["width"])
                take_picture(page, FOLDER / f"{name}-{scheme}.webp")
        browser.close()


def take_picture(page: Page, file: Path) -> None:
    """Take what the window shows, as WebP."""
    taken = file.with_suffix(".png")
    page.screenshot(path=taken)
    subprocess.run(["cwebp", "-quiet", "-near_lossless", "40", "-z", "9", taken, "-o", file], check=True)
    taken.unlink()


def find_pages(page: Page) -> dict[str, str]:
    """Give the address of each main page."""
    page.goto("/feeds/cs.LG")
    paper = page.locator(".card .open").first.get_attribute("href") or "/"
    return {
        "index": "/",
        "search": "/search?q=%22language+models%22",
        "feed": "/feeds/cs.LG",
        "paper": paper,
        "status": "/status",
    }


def fill_basket(page: Page, width: int) -> None:
    """Tick three feeds, so that the basket shows."""
    for feed in ("cs.AI", "cs.LG", "stat.ML"):
        page.get_by_label(f"Take {feed}", exact=True).check()
    if width > 1000:
        page.get_by_role("button", name="Take the ticked feeds").click()
        page.wait_for_selector("#basket .address")
    page.locator("#feed-cs").evaluate("element => element.scrollIntoView()")
    page.wait_for_timeout(300)


if __name__ == "__main__":
    take_pictures(sys.argv[1])

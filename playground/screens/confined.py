"""An app whose person sits elsewhere: what Textual would do to the machine on which it runs, it leaves undone.

Of a screenshot, a link or a file nobody would have anything there, and stopping the process would stop it for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import App

if TYPE_CHECKING:
    _Base = App[Any]
else:
    _Base = object


class Confined(_Base):
    """Mixed into an app, before it. ``files`` False: this is how it is."""

    files: bool = True

    def action_suspend_process(self) -> None:
        if self.files:
            super().action_suspend_process()

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        if self.files:
            super().open_url(url, new_tab=new_tab)

    def save_screenshot(self, *args: Any, **options: Any) -> str:
        return super().save_screenshot(*args, **options) if self.files else ""

    def deliver_screenshot(self, *args: Any, **options: Any) -> str | None:
        return super().deliver_screenshot(*args, **options) if self.files else None

    def deliver_text(self, *args: Any, **options: Any) -> str | None:
        return super().deliver_text(*args, **options) if self.files else None

    def deliver_binary(self, *args: Any, **options: Any) -> str | None:
        return super().deliver_binary(*args, **options) if self.files else None

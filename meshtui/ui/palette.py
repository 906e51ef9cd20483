"""What the palette lists when it opens: all that is offered, in the order in which it is offered."""

from __future__ import annotations

from textual.command import DiscoveryHit, Hits
from textual.system_commands import SystemCommandsProvider


class InOrder(SystemCommandsProvider):
    """Offers the commands of the application; Textual's own lists them by the alphabet."""

    async def discover(self) -> Hits:
        """Yield every command as it comes."""
        for title, help, run, _ in self.app.get_system_commands(self.screen):
            yield DiscoveryHit(title, run, help=help)

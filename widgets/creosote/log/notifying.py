"""How an alarm is told: a bell, a desktop notification; a word in the window, which asks for a look, without these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from widgets.theme.theme import theme

_SHOWN_MS: Final = 8000
_WITH_BELL: Final = ("xcb", "windows", "cocoa")
_NAME: Final = "creosote-tray"


def ring(owner: QWidget, name: str, otherwise: Callable[[str], object]) -> None:
    """Ring the display's bell, and ask for a look; a display that has none is told of to `otherwise`.

    A bell without a loudspeaker behind it can't be told from one that is heard.
    """
    QApplication.beep()
    QApplication.alert(owner.window())
    if QGuiApplication.platformName() not in _WITH_BELL:
        otherwise(f"{name}: this display has no bell, so the alarm is seen and not heard.")


def notify(owner: QWidget, title: str, text: str, otherwise: Callable[[str], object]) -> None:
    """Tell `text`, plain, outside the window; else hand it to `otherwise`. The tray's icon belongs to `owner`."""
    if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
        otherwise(f"{title}: {text}")
        QApplication.alert(owner.window())
        return
    tray = owner.findChild(QSystemTrayIcon, _NAME)
    if tray is None:
        tray = QSystemTrayIcon(theme().icon("megaphone", "text"), owner)
        tray.setObjectName(_NAME)
        tray.setToolTip("NetLab, Mr Creosote")
        tray.messageClicked.connect(owner.window().activateWindow)
        tray.show()
    # Some desktops read markup here: a message of the network must stay what it is.
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    tray.showMessage(title, safe, QSystemTrayIcon.MessageIcon.Warning, _SHOWN_MS)

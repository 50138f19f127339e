"""Values that open something for whoever reads them are sealed before they go into Redis."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Symmetric encryption with a key derived from a secret that only the deployment has."""

    def __init__(self, secret: str) -> None:
        digest = hashlib.sha256(b"intercom-agent seal:" + secret.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text; None when it was sealed with another secret or tampered with."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

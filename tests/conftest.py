from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def scalekit_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One certificate authority for the session: gRPC reads its roots once per process."""
    return tmp_path_factory.mktemp("ca")

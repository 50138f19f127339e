"""One TLS port for both of Scalekit's protocols: HTTP/2 goes to gRPC, HTTP/1.1 to REST."""

import asyncio
import contextlib
import ssl
from pathlib import Path


class Front:
    def __init__(self, certificate: Path, grpc_port: int, http_port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        self._ports = {"h2": grpc_port}
        self._http_port = http_port
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, port: int) -> int:
        """Listen on loopback; 0 lets the system pick. Out: the port. Raises OSError."""
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", port, ssl=self._context
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def cut(self) -> None:
        """Drop every connection at once, in the middle of whatever it carries."""
        for writer in self._open.values():
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        port = self._ports.get(tls.selected_alpn_protocol() or "", self._http_port)
        try:
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
            there = asyncio.create_task(_copy(reader, behind_writer))
            back = asyncio.create_task(_copy(behind_reader, writer))
            try:
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                behind_writer.close()
                writer.close()
        except (OSError, asyncio.CancelledError):
            writer.close()
        finally:
            del self._open[task]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

"""Servers that are not what the bot expects."""

import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def _running(server: Any) -> Iterator[int]:
    """Out: its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def redis_server(info: Mapping[str, str], **answers: str) -> Iterator[str]:
    """Speaks enough of Redis' protocol to tell `info`. `answers`: raw lines by command.

    Out: its URL."""
    told = "".join(f"{key}:{value}\r\n" for key, value in info.items())

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                words = []
                for _ in range(int(line[1:])):
                    self.rfile.readline()
                    words.append(self.rfile.readline().strip().decode().upper())
                self.wfile.write(self._answer(words[0]).encode())

        def _answer(self, command: str) -> str:
            if command in answers:
                return answers[command] + "\r\n"
            if command == "INFO":
                return f"${len(told)}\r\n{told}\r\n"
            return "+PONG\r\n" if command == "PING" else "+OK\r\n"

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with _running(Server(("127.0.0.1", 0), Handler)) as port:
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def web_server(
    status: int = 200,
    body: str = "<h1>Welcome</h1>",
    headers: Mapping[str, str] | None = None,
    clock: float | None = None,
) -> Iterator[str]:
    """Answers everything alike. `clock`: what its Date header tells. Out: its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            kind = "application/json" if body.startswith("{") else "text/html"
            sent = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(clock if clock is not None else timestamp, usegmt=True)

        def log_message(self, *args: Any) -> None:
            pass

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def silent_port() -> Iterator[int]:
    """Connections are taken, and nothing is ever said."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]

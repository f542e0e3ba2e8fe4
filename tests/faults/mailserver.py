"""A mail server that accepts mail, and can hold back its answer after it has taken one."""

from __future__ import annotations

import datetime as dt
import socketserver
import threading
from email import message_from_string, policy

from core import clock


class MailServer:
    """`taken` holds the raw mails, `calls` when each sender connected. While `held`, a mail is taken and its
    sender waits for the answer."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.calls: list[dt.datetime] = []
        self.answer = threading.Event()
        self.answer.set()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._talk(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def header(self, name: str) -> list[str]:
        """This header of every mail taken."""
        return [
            line.partition(":")[2].strip()
            for mail in self.taken
            for line in mail.partition("\r\n\r\n")[0].splitlines()
            if line.lower().startswith(f"{name.lower()}:")
        ]

    def told(self, title: str) -> list[str]:
        """Who got a mail with `title` in its subject, in order; a person may be there twice."""
        return [address for address, _message in self.messages(title)]

    def messages(self, title: str) -> list[tuple[str, str]]:
        """(address, Message-ID) of each mail with `title` in its subject, in order."""
        mails = [message_from_string(mail, policy=policy.default) for mail in list(self.taken)]
        return [
            (mail["To"].addresses[0].addr_spec, mail["Message-ID"])
            for mail in mails
            if title in mail["Subject"]
        ]

    def close(self) -> None:
        self.answer.set()
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, peer: socketserver.StreamRequestHandler) -> None:
        def say(text: str) -> None:
            peer.wfile.write(f"{text}\r\n".encode())

        self.calls.append(clock.now())
        say("220 stand-in")
        try:
            for line in peer.rfile:
                word = line.strip().upper()
                if word == b"DATA":
                    say("354 go on")
                    mail = b""
                    while (part := peer.rfile.readline()) not in (b".\r\n", b""):
                        mail += part
                    self.taken.append(mail.decode(errors="replace"))
                    self.answer.wait(30)
                say("221 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    return
        except OSError:
            return

"""Plain runs of a submission to ex10, watched from outside. They hold no expectation; the judge says how many clients there are.

Clients are threads of the scenario's own, with sockets that block. What they send is the judge's, and what came back goes there.
"""

import socket
import threading

HOST = "127.0.0.1"


def _serving(student, handler, client, tickets):
    """Serve one client for each ticket, on this thread."""
    threads = [threading.Thread(target=client, args=(ticket,)) for ticket in tickets]

    async def main():
        listener = await student.TcpListener.bind(HOST, 0)
        ports.append(listener.port)
        for thread in threads:
            thread.start()
        await student.serve(listener, handler, max_clients=len(threads))

    ports = client.ports
    student.io_executor().block_on(main())
    for thread in threads:
        thread.join()


class _Client:
    """Sends two parts, each when the judge gives it, and tells what came back."""

    def __init__(self, probe):
        self.ports = []
        self._probe = probe

    def __call__(self, ticket):
        with socket.create_connection((HOST, self.ports[0])) as sock:
            for half in ("first", "second"):
                part = self._probe.call(half, ticket).encode()
                sock.sendall(part)
                back = b""
                while len(back) < len(part) and (more := sock.recv(len(part) - len(back))):
                    back += more
                self._probe.call("back", [ticket, half, back.decode("ascii", "replace")])
            sock.shutdown(socket.SHUT_WR)
            self._probe.call("rest", [ticket, sock.recv(100).decode("ascii", "replace")])


def clients_in_two_halves(student, probe):
    """Clients whose two parts are echoed, with a call of the judge's before each."""
    _serving(student, student.echo, _Client(probe), probe.call("tickets"))
    probe.call("over")


def clients_that_say_nothing(student, probe):
    """Clients that are connected, and wait for the judge."""
    _serving(student, student.echo, _Client(probe), probe.call("tickets"))

"""Programs over loopback connections. Each returns, or notes, what it saw."""

import selectors
import socket
import struct
import threading
import time


def _pair():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    connection, _ = listener.accept()
    listener.close()
    return client, connection


def _outcome(call, *args):
    try:
        return call(*args)
    except OSError as error:
        return type(error).__name__


def echo(probe):
    """An echo server on a selector beside five clients that send much, little, in pieces, late; one resets, one half-closes."""
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    address = listener.getsockname()
    waiting, numbers = {}, {}

    def serve():
        left = 6
        while left:
            for key, mask in selector.select():
                sock = key.fileobj
                if sock is listener:
                    connection, peer = listener.accept()
                    probe.note("accepted", list(peer))
                    connection.setblocking(False)
                    waiting[connection], numbers[connection] = bytearray(), len(numbers)
                    selector.register(connection, selectors.EVENT_READ)
                    continue
                try:
                    if mask & selectors.EVENT_READ:
                        data = sock.recv(50_000)
                        probe.note("received", [numbers[sock], len(data)])
                        waiting[sock] += data
                        if not data and not waiting[sock]:
                            raise ConnectionError("over")
                    if waiting[sock]:
                        sent = sock.send(waiting[sock])
                        probe.note("sent", [numbers[sock], sent])
                        del waiting[sock][:sent]
                except BlockingIOError:
                    probe.note("full", numbers[sock])
                except OSError as error:
                    probe.note("ended", [numbers[sock], type(error).__name__])
                    selector.unregister(sock)
                    sock.close()
                    left -= 1
                    continue
                selector.modify(sock, selectors.EVENT_WRITE if waiting[sock] else selectors.EVENT_READ)

    def client(number):
        time.sleep(number / 10)
        with socket.create_connection(address) as sock:
            if number == 3:
                sock.sendall(b"x" * 90_000)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            sender = threading.Thread(target=send, args=(sock, number))
            sender.start()
            time.sleep(0.05 * number)
            count = 0
            while data := sock.recv(30_000):
                probe.note("back", [number, len(data)])
                count += len(data)
            sender.join()

    def send(sock, number):
        for _ in range(3):
            sock.sendall(bytes([number]) * (70_001 * number + 1))
        sock.shutdown(socket.SHUT_WR)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    serve()
    for thread in threads:
        thread.join()
    selector.close()  # the listener is left open


def window():
    """How much goes before anybody reads, and after a part was read."""
    client, connection = _pair()
    client.setblocking(False)
    first = [_outcome(client.send, bytes(100_000)), _outcome(client.send, b"x")]
    connection.recv(1000)
    return [*first, _outcome(client.send, bytes(100_000)), _outcome(client.sendmsg, [b"x"])]


def small_writes():
    """Three hundred sends of one byte each that nobody reads meanwhile."""
    client, connection = _pair()
    for _ in range(300):
        client.send(b"x")
    return len(connection.recv(1 << 20))


def writable():
    """Whether selectors of each kind call a socket writable: empty, full, partly read, reset."""
    client, connection = _pair()
    client.setblocking(False)
    kinds = [selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector]

    def ask():
        answers = []
        for kind in kinds:
            with kind() as selector:
                selector.register(client, selectors.EVENT_WRITE)
                answers.append(bool(selector.select(0)))
        return answers

    seen = [ask()]
    client.send(bytes(1 << 20))
    seen.append(ask())
    connection.recv(1)
    seen.append(ask())
    client.send(bytes(1 << 20))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    seen.append(ask())
    return seen


def early_client():
    """A client that has sent and gone before anybody accepted it."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    client.setblocking(False)
    sent = [_outcome(client.send, bytes(50_000)), _outcome(client.send, bytes(50_000)), _outcome(client.send, b"x")]
    client.close()
    connection, _ = listener.accept()
    return [*sent, len(connection.recv(1 << 20)), len(connection.recv(1))]


def ends():
    """What the other side sees of a half-close, a close, a close with unread bytes, and after one has gone."""
    seen = []
    client, connection = _pair()
    client.sendall(b"last")
    client.shutdown(socket.SHUT_WR)
    seen.append([connection.recv(10), connection.recv(10), connection.send(b"still"), client.recv(10)])
    client, connection = _pair()
    client.close()
    seen.append([connection.recv(10), connection.send(b"x"), _outcome(connection.send, b"x"), _outcome(connection.recv, 1)])
    client, connection = _pair()
    connection.sendall(b"never read")
    client.close()
    seen.append([_outcome(connection.recv, 10), _outcome(connection.send, b"x")])
    return repr(seen)


def refused():
    """A listener that closed on those who waited in its queue, and a connection that comes too late."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    client = socket.create_connection(address)
    listener.close()
    return [_outcome(client.recv, 1), _outcome(socket.create_connection, address)]


def ports():
    """Addresses, as both ends see them."""
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    connection, address = listener.accept()
    assert address == client.getsockname() == connection.getpeername()
    assert client.getpeername() == connection.getsockname() == listener.getsockname()
    return [listener.getsockname()[1], address[1]]


def forgotten():
    """A socket that nobody closes, and nobody keeps."""
    client, connection = _pair()
    del client
    return [len(connection.recv(1))]


def raw_poll():
    """`select.poll` and `select.epoll` park in virtual time and wake for what comes."""
    import select

    client, connection = _pair()
    seen = []
    for poller, second in ((select.poll(), 1000), (select.epoll(), 1)):
        poller.register(connection, select.POLLIN)
        started = time.monotonic()
        seen.append([poller.poll(2 * second), time.monotonic() - started])
        threading.Thread(target=lambda: (time.sleep(1), client.send(b"x"))).start()
        found = poller.poll(9 * second)
        seen.append([found == [(connection.fileno(), select.POLLIN)], time.monotonic() - started])
        connection.recv(1)
    return seen


def full_at_both_ends():
    """Both write and nobody reads: they wait for ever."""
    client, connection = _pair()
    other = threading.Thread(target=connection.sendall, args=(bytes(200_000),))
    other.start()
    client.sendall(bytes(200_000))


def datagrams():
    """Sockets without connections pass through; their ports are counted all the same."""
    one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    one.bind(("127.0.0.1", 0))
    two.bind(("127.0.0.1", 0))
    one.sendto(b"hello", two.getsockname())
    data, address = two.recvfrom(100)
    return [data.decode(), address == one.getsockname()]

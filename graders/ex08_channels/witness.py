"""Plain runs of a submission to ex08, watched from outside. They hold no expectation; the judge says how much there is."""

import threading

from threadmarks.prelude import RecvError


def values_through_a_channel(student, probe):
    """Three senders share the judge's values, two threads receive."""
    values = probe.call("values")
    sender, receiver = student.channel(2)
    senders = [sender, sender.clone(), sender.clone()]
    received = [[], []]

    def send(one, mine):
        for value in mine:
            one.send(value)
        one.close()

    threads = [threading.Thread(target=send, args=(one, values[n::3])) for n, one in enumerate(senders)]
    threads += [threading.Thread(target=into.extend, args=(receiver,)) for into in received]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    probe.call("received", sorted(received[0] + received[1], key=repr))


def receiver_without_values(student, probe):
    """Two threads wait: one for a value, one for room."""
    ends = student.channel()
    sender, receiver = student.channel(1)
    sender.send(1)
    threading.Thread(target=ends[1].recv, daemon=True).start()
    threading.Thread(target=lambda: sender.send(2), daemon=True).start()
    probe.call("waiting")
    del receiver


def receivers_at_the_end(student, probe):
    """Several threads receive and tell how that ended; main sends one value and closes."""
    value, receivers = probe.call("value"), probe.call("receivers")
    sender, receiver = student.channel()

    def receive():
        try:
            ended = ["value", receiver.recv()]
        except RecvError:
            ended = ["RecvError"]
        probe.call("ended", ended)

    threads = [threading.Thread(target=receive) for _ in range(receivers)]
    for thread in threads:
        thread.start()
    sender.send(value)
    sender.close()
    for thread in threads:
        thread.join()


def channel_that_fills(student, probe):
    """A thread sends on and on, and tells of each send that returned; main holds the receiver and does not receive."""
    capacity = probe.call("capacity")
    sender, receiver = student.channel(capacity)

    def send():
        for number in range(3 * capacity + 3):
            sender.send(number)
            probe.call("sent", number)

    threading.Thread(target=send, daemon=True).start()
    probe.call("receiver")
    receiver.close()

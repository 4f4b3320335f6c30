"""Drivers of the pairs in which asyncio tasks share data or wait for each other.

What varies from schedule to schedule is the order in which the outside answers: helper threads run when the schedule says
so, and their results reach the loop in that order. The loop's own order, first come first served, is documented and stays.
"""

import asyncio
import threading


def _requests(probe, outside, first, second):
    """What two coroutines gave. Each is asked for from a thread of its own, as the clients of a server do.

    The second one comes when the first has asked the outside, by the function that `outside` (owner, name) says: whether
    it is in time to come before the outside's answer is for the schedule to choose.
    """
    owner, name = outside
    call = getattr(owner, name)
    asked = threading.Event()
    answers = [None, None]

    def announced(*args):
        asked.set()
        return call(*args)

    setattr(owner, name, announced)

    async def serve():
        loop = asyncio.get_running_loop()

        def ask(number, request):
            if number:
                asked.wait()
            answers[number] = probe.attempt(asyncio.run_coroutine_threadsafe(request(), loop).result)

        await asyncio.gather(asyncio.to_thread(ask, 0, first), asyncio.to_thread(ask, 1, second))

    asyncio.run(serve())
    return answers


def await_between(student, probe):
    """Two deposits."""
    wallet = student.Wallet()
    _requests(probe, (student, "ask_bank"), lambda: wallet.deposit(10), lambda: wallet.deposit(20))
    probe.note("balance", wallet.balance)


def tickets_oversold(student, probe):
    """Two want the last seat."""
    concert = student.Concert(1)
    _requests(probe, (student.Concert, "charge"), lambda: concert.buy("ann"), lambda: concert.buy("bob"))
    probe.note("sold", len(concert.sold))


def current_user(student, probe):
    """Two requests at the same time."""
    server = student.Server()
    answers = _requests(probe, (student, "load_name"), lambda: server.handle(1), lambda: server.handle(2))
    probe.note("answers", [answer[1] for answer in answers])


def cancelled_transfer(student, probe):
    """Somebody presses Stop."""

    async def main():
        loop = asyncio.get_running_loop()
        task = loop.create_task(student.transfer(30))
        stop = threading.Thread(target=loop.call_soon_threadsafe, args=(task.cancel,))
        await asyncio.sleep(0)  # the transfer has begun
        stop.start()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(stop.join)

    asyncio.run(main())
    probe.note("sum", sum(student.accounts.values()))


def answer_from_thread(student, probe):
    """One measurement."""
    probe.note("measured", asyncio.run(student.measure(lambda: 21)))


def task_lock_order(student, probe):
    """Transfers in both directions."""
    a, b = student.Account(100), student.Account(100)
    _requests(probe, (student.Account, "check"), lambda: student.transfer(a, b, 30), lambda: student.transfer(b, a, 10))
    probe.note("balances", [a.balance, b.balance])


def answer_before_question(student, probe):
    """Each question is answered by a thread of its own."""

    async def main():
        loop = asyncio.get_running_loop()

        def send(number, question):
            answer = (client.answered, number, question.upper())
            threading.Thread(target=loop.call_soon_threadsafe, args=answer).start()

        client = student.Client(send)
        return await asyncio.gather(client.ask("a"), client.ask("b"))

    probe.note("answers", asyncio.run(main()))


def tasks_in_a_circle(student, probe):
    """Two templates that include each other."""

    async def main():
        return await student.Templates().load("page")

    probe.note("text", asyncio.run(main()))


def forgotten_task(student, probe):
    """One order, then the program ends."""
    asyncio.run(student.handle("tea"))
    probe.note("orders", student.orders)


def members_change(student, probe):
    """One leaves while another speaks."""
    room = student.Room(["ann"])
    answers = _requests(probe, (student, "deliver"), lambda: room.say("hi"), lambda: room.leave("ann"))
    probe.note("kinds", [answer[0] for answer in answers])


def two_replies(student, probe):
    """Answer and time-out come at the same time, from two threads; what goes wrong reaches the loop's handler."""
    wrong = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: wrong.append(type(context["exception"]).__name__))
        call = student.Call()
        threads = [
            threading.Thread(target=loop.call_soon_threadsafe, args=args)
            for args in ((call.answer, "yes"), (call.give_up,))
        ]
        for thread in threads:
            thread.start()
        text = await call.future
        for thread in threads:
            await asyncio.to_thread(thread.join)
        return text

    text = asyncio.run(main())
    probe.note("known", text in ("yes", "too late"))
    probe.note("wrong", wrong)

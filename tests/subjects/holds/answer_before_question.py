import asyncio
import itertools


class Client:
    """Questions go out by `send`; the answers come back by their numbers, in any order."""

    def __init__(self, send):
        self.send = send
        self.numbers = itertools.count(1)
        self.waiting = {}

    async def ask(self, question):
        number = next(self.numbers)
        future = self.waiting[number] = asyncio.get_running_loop().create_future()
        await asyncio.to_thread(self.send, number, question)
        return await future

    def answered(self, number, answer):
        future = self.waiting.pop(number, None)
        if future is not None:
            future.set_result(answer)

import asyncio
from contextvars import ContextVar

current_user = ContextVar("current_user")


def load_name(number):
    return {1: "ann", 2: "bob"}[number]


class Server:
    async def handle(self, number):
        current_user.set(number)  # each task has its own
        name = await asyncio.to_thread(load_name, number)
        return f"{current_user.get()}: {name}"

import asyncio


def load_name(number):
    return {1: "ann", 2: "bob"}[number]


class Server:
    def __init__(self):
        self.user = None

    async def handle(self, number):
        self.user = number
        name = await asyncio.to_thread(load_name, number)
        return f"{self.user}: {name}"

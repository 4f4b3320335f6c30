import asyncio


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = asyncio.Lock()

    def check(self):
        return self.balance >= 0


async def transfer(source, target, amount):
    async with source.lock:
        await asyncio.to_thread(source.check)
        async with target.lock:
            source.balance -= amount
            target.balance += amount

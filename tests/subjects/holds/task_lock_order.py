import asyncio


class Account:
    made = 0

    def __init__(self, balance):
        Account.made += 1
        self.number = Account.made
        self.balance = balance
        self.lock = asyncio.Lock()

    def check(self):
        return self.balance >= 0


async def transfer(source, target, amount):
    low, high = (source, target) if source.number < target.number else (target, source)
    async with low.lock:
        await asyncio.to_thread(source.check)
        async with high.lock:
            source.balance -= amount
            target.balance += amount

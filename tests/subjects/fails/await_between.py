import asyncio


asked = []


def ask_bank(amount):
    """Answers in its own time."""
    asked.append(amount)
    return amount > 0


class Wallet:
    def __init__(self):
        self.balance = 100

    async def deposit(self, amount):
        before = self.balance
        if await asyncio.to_thread(ask_bank, amount):
            self.balance = before + amount

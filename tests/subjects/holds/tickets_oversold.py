import asyncio


class Concert:
    def __init__(self, seats):
        self.seats = seats
        self.sold = []
        self.receipts = []
        self.till = asyncio.Lock()

    def charge(self, buyer):
        self.receipts.append(buyer)
        return f"receipt {len(self.receipts)}"

    async def buy(self, buyer):
        async with self.till:
            if len(self.sold) < self.seats:
                receipt = await asyncio.to_thread(self.charge, buyer)
                self.sold.append(buyer)
                return receipt
            return "sold out"

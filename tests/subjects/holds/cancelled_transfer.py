import asyncio

accounts = {"a": 100, "b": 0}
journal = []


def write_journal(line):
    journal.append(line)


async def transfer(amount):
    accounts["a"] -= amount
    try:
        await asyncio.to_thread(write_journal, f"{amount} from a to b")
    except asyncio.CancelledError:
        accounts["a"] += amount
        raise
    accounts["b"] += amount

import asyncio

orders = []


def send_mail(order):
    return f"thank you for {order}"


def write_file(order):
    return f"{order}.txt"


async def save(order):
    await asyncio.to_thread(write_file, order)
    orders.append(order)


async def handle(order):
    asyncio.create_task(save(order))  # goes on in the background
    return await asyncio.to_thread(send_mail, order)

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
    saving = asyncio.create_task(save(order))
    answer = await asyncio.to_thread(send_mail, order)
    await saving
    return answer

import asyncio
import threading


async def measure(sensor):
    """What the sensor reads; it is read in a thread, for that takes long."""
    future = asyncio.get_running_loop().create_future()

    def read():
        future.set_result(sensor())

    threading.Thread(target=read).start()
    return await future

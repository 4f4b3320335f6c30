import asyncio
import threading


async def measure(sensor):
    """What the sensor reads; it is read in a thread, for that takes long."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def read():
        loop.call_soon_threadsafe(future.set_result, sensor())  # this wakes the loop

    threading.Thread(target=read).start()
    return await future

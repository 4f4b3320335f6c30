import asyncio


class Call:
    """A call that ends with an answer or by a timeout of the caller's own, whichever comes first."""

    def __init__(self):
        self.future = asyncio.get_running_loop().create_future()

    def answer(self, text):
        if not self.future.done():  # on the loop's thread, so nobody comes in between
            self.future.set_result(text)

    def give_up(self):
        if not self.future.done():
            self.future.set_result("too late")

import asyncio


class Call:
    """A call that ends with an answer or by a timeout of the caller's own, whichever comes first."""

    def __init__(self):
        self.future = asyncio.get_running_loop().create_future()

    def answer(self, text):
        self.future.set_result(text)

    def give_up(self):
        self.future.set_result("too late")

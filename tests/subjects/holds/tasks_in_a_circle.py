import asyncio

INCLUDES = {"page": ["menu"], "menu": ["page"]}


def read_template(name):
    return f"<{name}>"


class Templates:
    """Each template is loaded once, and what it includes after it: nobody waits for who waits for him."""

    def __init__(self):
        self.texts = {}

    async def load(self, name):
        if name not in self.texts:
            self.texts[name] = await asyncio.to_thread(read_template, name)
            for other in INCLUDES[name]:
                await self.load(other)
        return self.texts[name]

import asyncio

INCLUDES = {"page": ["menu"], "menu": ["page"]}


def read_template(name):
    return f"<{name}>"


class Templates:
    """Each template is loaded once, with what it includes."""

    def __init__(self):
        self.tasks = {}
        self.texts = {}

    async def load(self, name):
        if name not in self.tasks:
            self.tasks[name] = asyncio.create_task(self._load(name))
        await self.tasks[name]
        return self.texts[name]

    async def _load(self, name):
        text = await asyncio.to_thread(read_template, name)
        for other in INCLUDES[name]:
            await self.load(other)
        self.texts[name] = text

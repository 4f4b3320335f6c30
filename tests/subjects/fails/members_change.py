import asyncio


def deliver(member, text):
    return f"{member.title()}: {text.strip()}"


class Room:
    def __init__(self, members):
        self.members = {member: [] for member in members}

    async def say(self, text):
        for member, got in self.members.items():
            got.append(await asyncio.to_thread(deliver, member, text))

    async def leave(self, member):
        del self.members[member]

import asyncio


def deliver(member, text):
    return f"{member.title()}: {text.strip()}"


class Room:
    def __init__(self, members):
        self.members = {member: [] for member in members}

    async def say(self, text):
        for member in list(self.members):
            letter = await asyncio.to_thread(deliver, member, text)
            if member in self.members:  # may have left while we waited
                self.members[member].append(letter)

    async def leave(self, member):
        del self.members[member]
